// SPDX-License-Identifier: Apache-2.0
// In place of react-style-singleton, which writes <style> elements: the page may have none of its own. A style sheet that a
// script makes is allowed.
import { useEffect } from "react";

function add(text) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return () => { document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet); };
}

export const styleSingleton = () => {
  let users = 0, remove = null;
  return function Style({ styles }) {
    useEffect(() => {
      if (users++ === 0) remove = add(styles);
      return () => { if (--users === 0) remove(); };
    }, [styles]);
    return null;
  };
};
