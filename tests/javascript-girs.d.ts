/* SPDX-License-Identifier: Apache-2.0 */

/* For tests of the declarations, in the place of the packages @girs/…: modules named as theirs, in which a few things are
 * stricter than where the packages are missing. */

declare module 'gi://GObject?version=2.0' {
    namespace GObject {
        class Object {
            constructor(properties?: object, ...args: any[]);
            _init(...args: any[]): void;
            connect(signal: string, callback: (...args: any[]) => any): number;
            connect_after(signal: string, callback: (...args: any[]) => any): number;
        }

        function registerClass<Class extends new (...args: any[]) => Object>(klass: Class): Class;
        function registerClass<Class extends new (...args: any[]) => Object>(
            options: {GTypeName?: string}, klass: Class
        ): Class;
    }

    export default GObject;
}

declare module 'gi://GLib?version=2.0' {
    namespace GLib {
        type Quark = number;

        class Error {
            constructor(properties?: {domain: Quark, code: number, message: string});
            domain: Quark;
            code: number;
            message: string;
            stack: string;
        }

        class Bytes {
            constructor(data: Uint8Array | null);
        }

        function getenv(name: string): string | null;
    }

    export default GLib;
}

declare module 'gi://Gio?version=2.0' {
    import type GObject from 'gi://GObject?version=2.0';

    namespace Gio {
        interface AsyncResult {
            get_source_object(): GObject.Object | null;
        }

        interface AsyncReadyCallback<Source = GObject.Object> {
            (source: Source | null, result: AsyncResult, data: null): void;
        }

        interface File {
            get_uri(): string;
        }

        class Cancellable extends GObject.Object {
            cancel(): void;
            is_cancelled(): boolean;
            set_error_if_cancelled(): boolean;
        }

        class Application extends GObject.Object {
            quit(): void;
            run(argv: string[] | null): number;
        }
    }

    export default Gio;
}

declare module 'gi://GObject' {
    export {default} from 'gi://GObject?version=2.0';
}

declare module 'gi://GLib' {
    export {default} from 'gi://GLib?version=2.0';
}

declare module 'gi://Gio' {
    export {default} from 'gi://Gio?version=2.0';
}
