/* SPDX-License-Identifier: Apache-2.0 */

/* For tests of the declarations, in the place of @girs/gjs: what gjs has beside libraries. */

declare function print(...what: unknown[]): void;

declare module 'system' {
    const System: {exit(code: number): never};

    export default System;
}
