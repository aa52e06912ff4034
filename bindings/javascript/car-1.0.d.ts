/* SPDX-License-Identifier: Apache-2.0 */

/* libcar as JavaScript knows it, for editors: what overrides/Car.js makes of the introspected library. */

declare module 'gi://Car?version=1.0' {
    import type Gio from 'gi://Gio?version=2.0';
    import type GLib from 'gi://GLib?version=2.0';
    import type GObject from 'gi://GObject?version=2.0';

    namespace Car {
        type Cancellable = Gio.Cancellable | null;
        /** A vertex or an edge, as JSON.stringify() has it. */
        type PlainObject = Record<string, unknown>;

        enum SettingFlags {
            NONE = 0,
            REQUIRED = 1,
            SECRET = 2,
            SWITCH = 4,
        }

        enum AppErrorCode {
            GENERAL = 1,
            INVALID_PARAMETER = 2,
        }

        enum RecoverableFailureCode {
            DEFAULT = 10,
        }

        enum UnrecoverableFailureCode {
            DEFAULT = 20,
        }

        enum DatasourceFailureCode {
            UNKNOWN = 50,
            CONNECT = 51,
            AUTH = 52,
            FORBIDDEN = 53,
            INVALID_PARAMETER = 54,
            DATA_PROCESSING = 55,
        }

        enum SchemaErrorCode {
            INVALID_JSON = 1,
            INVALID_SCHEMA = 2,
            UNSUPPORTED_KEYWORD = 3,
            VIOLATION = 4,
            NEWER_EXTENSION = 5,
        }

        /** A general failure: the next run is as it would have been. The code is the exit code. */
        class AppError extends GLib.Error {
            constructor(message: string, code?: number);
        }

        /** No gap in the data is possible: the next run goes on incrementally. */
        class RecoverableFailure extends GLib.Error {
            constructor(message: string, code?: number);
        }

        /** A gap in the data is possible: the next run makes a full import. */
        class UnrecoverableFailure extends GLib.Error {
            constructor(message: string, code?: number);
        }

        /** The data source failed: the next run is as it would have been. */
        class DatasourceFailure extends GLib.Error {
            constructor(message: string, code?: number);
        }

        /** The data source has no delta from the last save point: a full import is made instead. */
        class IncrementalNotPossible extends GLib.Error {
            constructor(message: string, code?: number);
        }

        /** A schema, or an object that breaks one. */
        class SchemaError extends GLib.Error {
            constructor(message: string, code?: number);
        }

        /** Takes vertices and edges: what breaks the service's schema is left out with a warning. */
        class DataHandler extends GObject.Object {
            add_vertex(collection: string, vertex: PlainObject): void;
            add_edge(collection: string, edge: PlainObject): void;
            add_vertices(collection: string, vertices: Iterable<PlainObject>): void;
            add_edges(collection: string, edges: Iterable<PlainObject>): void;
            add_vertex_json(collection: string, json: string, length: number): boolean;
            add_edge_json(collection: string, json: string, length: number): boolean;
            add_vertices_json(collection: string, json: string, length: number): boolean;
            add_edges_json(collection: string, json: string, length: number): boolean;
            delete_vertices(collection: string, keys: Iterable<string>, cancellable?: Cancellable): void;
            send_vertices(cancellable: Cancellable): boolean;
            send_edges(cancellable: Cancellable): boolean;
            get_source(): string;
            get_report_key(): string;
            get_directory(): string | null;
            foreach_collection(
                func: (collection: string, read: number, invalid: number, duplicates: number, sent: number) => void
            ): void;
        }

        /** The CAR service. */
        class Client extends GObject.Object {
            static 'new'(base_url: string, key: string, password: string): Client;
            static new_with_token(base_url: string, token: string): Client;
            get_base_url(): string;
            check_health(cancellable: Cancellable): boolean;
            query(query: string, variables: PlainObject | null, cancellable: Cancellable): any;
            patch_vertex(collection: string, external_id: string, changes: PlainObject, cancellable: Cancellable): boolean;
            patch_edge(
                collection: string, source: string, from: string, to: string, changes: PlainObject,
                cancellable: Cancellable
            ): boolean;
        }

        /** Collections and properties that a connector adds to the service's schema. */
        class SchemaExtension extends GObject.Object {
            static 'new'(key: string, owner: string, version: number, schema: PlainObject | string): SchemaExtension;
            get_key(): string;
            get_owner(): string;
            get_version(): number;
            get_schema(): string;
        }

        /** How to talk to the data source. */
        abstract class AssetServer extends GObject.Object {
            test_connection(cancellable: Cancellable): boolean;
            vfunc_test_connection(cancellable: Cancellable): boolean | void;
        }

        abstract class Import extends GObject.Object {
            readonly app: App;
            readonly client: Client;
            readonly data_handler: DataHandler;
            readonly asset_server: any;
            /** Where the data source is now; null: the connector has no save point. */
            vfunc_get_new_save_point(cancellable: Cancellable): string | null | void;
            vfunc_import_vertices(cancellable: Cancellable): boolean | void;
            vfunc_import_edges(cancellable: Cancellable): boolean | void;
        }

        abstract class FullImport extends Import {
        }

        abstract class IncrementalImport extends Import {
            vfunc_get_data_for_delta(
                last_save_point: string, new_save_point: string, cancellable: Cancellable
            ): boolean | void;
            vfunc_delete_vertices(cancellable: Cancellable): boolean | void;
        }

        /** A connector. */
        abstract class App extends Gio.Application {
            add_setting(
                name: string, variable: string | null, flags: number, description: string,
                arg_description: string | null
            ): void;
            get_setting(name: string): string | null;
            get_cancellable(): Gio.Cancellable;
            /** With the arguments of the program, or others. Returns: the exit code. */
            run(argv?: string[] | null): number;
            vfunc_create_asset_server(): AssetServer;
            vfunc_create_schema_extension(): SchemaExtension | null | void;
            vfunc_create_full_import(): FullImport;
            vfunc_create_incremental_import(): IncrementalImport | null | void;
        }
    }

    export default Car;
}
