/* SPDX-License-Identifier: Apache-2.0 */

/* libcar as JavaScript knows it: what overrides/Car.js makes of the introspected library. GNOME's libraries are declared
 * by the packages @girs/…; where one is missing, what stands at the end of this file takes its place. */

declare module 'gi://Car?version=1.0' {
    import type Gio from 'gi://Gio?version=2.0';
    import type GLib from 'gi://GLib?version=2.0';
    import type GObject from 'gi://GObject?version=2.0';

    namespace Car {
        const MAJOR_VERSION: number;
        const MINOR_VERSION: number;
        const MICRO_VERSION: number;
        const CLIENT_ANY_STATUS: number;
        function get_major_version(): number;
        function get_minor_version(): number;
        function get_micro_version(): number;

        type Cancellable = Gio.Cancellable | null;
        type Callback<Source> = Gio.AsyncReadyCallback<Source> | null;
        /** A vertex, an edge, or whatever else JSON.stringify() makes a JSON object of. */
        type PlainObject = {readonly [member: string]: unknown} | object & {readonly [Symbol.iterator]?: never};

        /* ---- failures ------------------------------------------------------------------------------------------ */

        enum AppErrorCode {
            GENERAL = 1,
            INVALID_PARAMETER = 2,
            PARTIAL = 11,
            CLOSING_REFUSED = 12,
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

        function app_error_quark(): GLib.Quark;
        function recoverable_failure_quark(): GLib.Quark;
        function unrecoverable_failure_quark(): GLib.Quark;
        function datasource_failure_quark(): GLib.Quark;
        function schema_error_quark(): GLib.Quark;
        function import_error_quark(): GLib.Quark;

        /** What all failures have in common, for instanceof. */
        abstract class Failure extends GLib.Error {
        }

        /** A general failure: the next run is as it would have been. The code is the exit code. */
        class AppError extends Failure {
            constructor(message: string, code?: number);
        }

        /** No gap in the data is possible: the next run goes on incrementally. The code is the exit code. */
        class RecoverableFailure extends Failure {
            constructor(message: string, code?: number);
        }

        /** A gap in the data is possible: the next run makes a full import. The code is the exit code. */
        class UnrecoverableFailure extends Failure {
            constructor(message: string, code?: number);
        }

        /** The data source failed: the next run is as it would have been. The code is the exit code. */
        class DatasourceFailure extends Failure {
            constructor(message: string, code?: number);
        }

        /** A schema, or an object that breaks one. */
        class SchemaError extends Failure {
            constructor(message: string, code?: number);
        }

        /** The data source has no delta from the last save point: a full import is made instead. */
        class IncrementalNotPossible extends Failure {
            constructor(message: string);
        }

        /** GLib's own class. Throw an IncrementalNotPossible. */
        class ImportError extends GLib.Error {
            static readonly INCREMENTAL_NOT_POSSIBLE: number;
        }

        /* ---- what a connector implements ----------------------------------------------------------------------- */

        /** How to talk to the data source. */
        abstract class AssetServer extends GObject.Object {
            test_connection(cancellable: Cancellable): boolean;
            vfunc_test_connection(cancellable: Cancellable): boolean | void;
        }

        /** What to read; Server is the connector's own class. */
        abstract class Import<Server extends AssetServer = any> extends GObject.Object {
            app: App;
            asset_server: Server;
            client: Client;
            data_handler: DataHandler;
            get_app(): App;
            get_asset_server(): Server;
            get_client(): Client;
            get_data_handler(): DataHandler;
            get_new_save_point(cancellable: Cancellable): [done: boolean, save_point: string | null];
            import_vertices(cancellable: Cancellable): boolean;
            import_edges(cancellable: Cancellable): boolean;
            /** Not all of the collection could be read: nothing is closed, and the exit code is 11. */
            set_incomplete(collection: string, reason: string): void;
            list_incomplete(): string[];
            dup_incomplete_reason(collection: string): string | null;
            /** Where the data source is now; null: the connector has no save point. */
            vfunc_get_new_save_point(cancellable: Cancellable): string | null | void;
            abstract vfunc_import_vertices(cancellable: Cancellable): boolean | void;
            abstract vfunc_import_edges(cancellable: Cancellable): boolean | void;
        }

        abstract class FullImport<Server extends AssetServer = any> extends Import<Server> {
        }

        abstract class IncrementalImport<Server extends AssetServer = any> extends Import<Server> {
            get_data_for_delta(last_save_point: string, new_save_point: string, cancellable: Cancellable): boolean;
            delete_vertices(cancellable: Cancellable): boolean;
            abstract vfunc_get_data_for_delta(
                last_save_point: string, new_save_point: string, cancellable: Cancellable
            ): boolean | void;
            abstract vfunc_delete_vertices(cancellable: Cancellable): boolean | void;
        }

        enum ApiVersion {
            V2 = 0,
            V3 = 1,
        }

        enum SettingFlags {
            NONE = 0,
            REQUIRED = 1,
            SECRET = 2,
        }

        class Setting {
            static new_text(
                name: string, variable: string | null, flags: SettingFlags, description: string,
                arg_description: string | null, default_value: string | null
            ): Setting;
            static new_integer(
                name: string, variable: string | null, flags: SettingFlags, description: string,
                arg_description: string | null, minimum: number, maximum: number, default_value: number
            ): Setting;
            static new_boolean(
                name: string, variable: string | null, description: string, default_value: boolean
            ): Setting;
            static new_choice(
                name: string, variable: string | null, flags: SettingFlags, description: string,
                choices: string[], default_value: string | null
            ): Setting;
            static new_file(
                name: string, variable: string | null, flags: SettingFlags, description: string,
                default_value: string | null
            ): Setting;
        }

        interface SettingOptions {
            /** 'text' by default. An integer needs a default, unless it is required. A file must be there. */
            type?: 'text' | 'integer' | 'boolean' | 'file';
            default?: string | number | boolean | null;
            required?: boolean;
            /** libcar hides the value in the log and in the list of processes. */
            secret?: boolean;
            choices?: Iterable<string> | null;
            minimum?: number;
            maximum?: number;
            /** What --help shows behind the option. */
            argument?: string | null;
        }

        /** A connector. */
        abstract class App extends GObject.Object {
            constructor(properties?: {
                version?: string | null, description?: string | null, source_name?: string | null,
                source_description?: string | null, product_link?: string | null, report_type?: string | null, report_description?: string | null,
                install_log?: boolean, watch_signals?: boolean,
            });
            version: string | null;
            description: string | null;
            source_name: string | null;
            source_description: string | null;
            product_link: string | null;
            report_type: string | null;
            report_description: string | null;
            readonly install_log: boolean;
            watch_signals: boolean;
            add_setting(
                name: string, variable: string | null, description: string, options?: SettingOptions
            ): void;
            set_setting(name: string, value: string | null): boolean;
            /** A value of the setting's type; null if it has none. */
            get_setting(name: string): string | number | boolean | null;
            get_integer_setting(name: string): number;
            get_boolean_setting(name: string): boolean;
            /** Reads the settings and sets up the log, for a run() that may follow. Sends nothing. */
            prepare(argv?: string[] | null): boolean;
            has_answered(): boolean;
            get_cancellable(): Gio.Cancellable;
            /** Runs the connector, with the arguments of the program or with others. Returns: the exit code. */
            run(argv?: string[] | null): number;
            create_asset_server(): AssetServer;
            create_full_import(): FullImport;
            create_incremental_import(): [done: boolean, importer: IncrementalImport | null];
            create_schema_extension(): [done: boolean, extension: SchemaExtension | null];
            abstract vfunc_create_asset_server(): AssetServer;
            abstract vfunc_create_full_import(): FullImport;
            vfunc_create_incremental_import(): IncrementalImport | null | void;
            vfunc_create_schema_extension(): SchemaExtension | null | void;
        }

        /* ---- what a connector uses ----------------------------------------------------------------------------- */

        /** Takes vertices and edges. It leaves out what breaks the service's schema, with a warning. */
        class DataHandler extends GObject.Object {
            constructor(properties: {
                source: string, schema?: ImportSchema | null, client?: Client | null, directory?: string | null,
                full_import?: boolean, keep_staged?: boolean, left_out_file?: string | null, page_size?: number,
                strict?: boolean, product_link?: string | null, report_description?: string | null, report_type?: string | null,
                source_description?: string | null, source_name?: string | null,
            });
            static 'new'(
                client: Client | null, schema: ImportSchema | null, source: string, directory: string | null,
                page_size: number
            ): DataHandler;
            readonly client: Client | null;
            readonly directory: string | null;
            readonly full_import: boolean;
            readonly keep_staged: boolean;
            readonly left_out_file: string | null;
            readonly page_size: number;
            product_link: string | null;
            report_description: string | null;
            report_type: string | null;
            readonly schema: ImportSchema | null;
            readonly source: string;
            readonly strict: boolean;
            source_description: string | null;
            source_name: string | null;
            add_vertex(collection: string, vertex: PlainObject): void;
            add_edge(collection: string, edge: PlainObject): void;
            add_vertices(collection: string, vertices: Iterable<PlainObject>): void;
            add_edges(collection: string, edges: Iterable<PlainObject>): void;
            add_vertex_json(collection: string, json: string, length: number): boolean;
            add_edge_json(collection: string, json: string, length: number): boolean;
            add_vertices_json(collection: string, json: string, length: number): boolean;
            add_edges_json(collection: string, json: string, length: number): boolean;
            add_vertex_record(collection: string, record: Record): boolean;
            add_edge_record(collection: string, record: Record): boolean;
            delete_vertices(collection: string, keys: Iterable<string>, cancellable?: Cancellable): void;
            send_vertices(cancellable: Cancellable): boolean;
            send_edges(cancellable: Cancellable): boolean;
            get_source(): string;
            get_report_key(): string;
            get_kept_directory(): string | null;
            list_summaries(): CollectionSummary[];
            /** For tests: what was added to a collection and is to be sent. */
            list_objects(collection: string): any[];
            dup_objects_json(collection: string): string;
            list_deleted_keys(collection: string): string[];
            connect(signal: 'progress', callback: ProgressCallback): number;
            connect(signal: string, callback: (...args: any[]) => any): number;
            connect_after(signal: 'progress', callback: ProgressCallback): number;
            connect_after(signal: string, callback: (...args: any[]) => any): number;
        }

        type ProgressCallback = (handler: DataHandler, phase: ProgressPhase, done: number, total: number) => void;

        enum ProgressPhase {
            READING_VERTICES = 0,
            READING_EDGES = 1,
            SENDING_VERTICES = 2,
            SENDING_EDGES = 3,
        }

        /** What became of the objects of one collection. */
        class CollectionSummary {
            private constructor();
            readonly collection: string;
            readonly is_edges: boolean;
            readonly n_read: number;
            readonly n_left_out: number;
            readonly n_duplicates: number;
            readonly n_conflicts: number;
            readonly n_dangling: number;
            readonly n_sent: number;
            readonly n_deleted: number;
            readonly n_closed: number;
            readonly violations: Violation[];
            get_collection(): string;
            get_is_edges(): boolean;
            get_n_read(): number;
            get_n_left_out(): number;
            get_n_duplicates(): number;
            get_n_conflicts(): number;
            get_n_dangling(): number;
            get_n_sent(): number;
            get_n_deleted(): number;
            get_n_closed(): number;
            list_violations(): Violation[];
        }

        /** A rule that objects of a collection broke. */
        class Violation {
            private constructor();
            readonly place: string;
            readonly rule: string;
            readonly message: string;
            readonly count: number;
            get_place(): string;
            get_rule(): string;
            get_message(): string;
            get_count(): number;
        }

        /** An object that is written member by member, as in C. In JavaScript a plain object is faster. */
        class Record {
            constructor();
            static 'new'(): Record;
            clear(): void;
            copy(): Record;
            set_boolean(name: string, value: boolean): void;
            set_double(name: string, value: number): void;
            set_int(name: string, value: number): void;
            set_json(name: string, json: string | null): void;
            set_null(name: string): void;
            set_string(name: string, value: string | null): void;
            set_strv(name: string, values: string[] | null): void;
            to_json(): string | null;
        }

        /** Collections and properties that a connector adds to the service's schema. */
        class SchemaExtension extends GObject.Object {
            constructor(properties: {key: string, owner: string, version: number, schema: string});
            readonly key: string;
            readonly owner: string;
            readonly version: number;
            readonly schema: string;
            static 'new'(key: string, owner: string, version: number, schema: PlainObject | string): SchemaExtension;
            get_key(): string;
            get_owner(): string;
            get_version(): number;
            get_schema(): string;
        }

        /** The service's rules for what is imported. */
        class ImportSchema extends GObject.Object {
            constructor(properties: {json: string});
            readonly json: string;
            /** Takes a plain object or JSON text. After JSON text its length in bytes may follow, as in C (-1: all of it). */
            static 'new'(schema: PlainObject | string): ImportSchema;
            static 'new'(json: string, length: number): ImportSchema;
            get_collections(): string[];
            has_collection(collection: string): boolean;
            /** Throws a SchemaError. */
            validate_object(collection: string, object: PlainObject | string): boolean;
            validate_object(collection: string, json: string, length: number): boolean;
            /** Throws a SchemaError. */
            validate_envelope(envelope: PlainObject | string): boolean;
            validate_envelope(json: string, length: number): boolean;
        }

        /** All objects of a collection, page by page. Client.list_collection() is simpler. */
        class Listing extends GObject.Object {
            constructor(properties: {
                client: Client, collection: string, fields: string[], where_json?: string | null, page_size?: number,
            });
            readonly client: Client;
            readonly collection: string;
            readonly fields: string[];
            readonly where_json: string | null;
            page_size: number;
            static 'new'(client: Client, collection: string, fields: Iterable<string>, where_json: string | null): Listing;
            get_page_size(): number;
            set_page_size(page_size: number): void;
            next(cancellable: Cancellable): any[] | null;
            next_async(cancellable: Cancellable): Promise<any[] | null>;
            next_async(cancellable: Cancellable, callback: Callback<this>): void;
            next_finish(result: Gio.AsyncResult): any[] | null;
            /* The same in JSON text, which holds numbers that JavaScript's cannot. */
            next_json(cancellable: Cancellable): string | null;
            next_json_async(cancellable: Cancellable): Promise<string | null>;
            next_json_async(cancellable: Cancellable, callback: Callback<this>): void;
            next_json_finish(result: Gio.AsyncResult): string | null;
        }

        /** The CAR service. A method …_async() returns a Promise after Gio._promisify() was called for it. */
        class Client extends GObject.Object {
            constructor(properties: {
                base_url: string, key?: string | null, password?: string | null, token?: string | null,
                user_agent?: string | null, proxy_resolver?: any, tls_database?: any, tls_certificate?: any,
                idle_timeout?: number, job_timeout?: number, max_retries?: number, max_retry_delay?: number,
                max_outage?: number,
            });
            readonly base_url: string;
            readonly user_agent: string | null;
            readonly proxy_resolver: any;
            readonly tls_database: any;
            readonly tls_certificate: any;
            readonly idle_timeout: number;
            readonly job_timeout: number;
            readonly max_retries: number;
            readonly max_retry_delay: number;
            readonly max_outage: number;
            static 'new'(base_url: string, key: string, password: string): Client;
            static new_with_token(base_url: string, token: string): Client;
            get_base_url(): string | null;

            check_health(cancellable: Cancellable): boolean;
            check_health_async(cancellable: Cancellable): Promise<boolean>;
            check_health_async(cancellable: Cancellable, callback: Callback<this>): void;
            check_health_finish(result: Gio.AsyncResult): boolean;

            prepare_database(cancellable: Cancellable): [ready: boolean, set_up_now: boolean];
            prepare_database_async(cancellable: Cancellable): Promise<[set_up_now: boolean]>;
            prepare_database_async(cancellable: Cancellable, callback: Callback<this>): void;
            prepare_database_finish(result: Gio.AsyncResult): [ready: boolean, set_up_now: boolean];

            ensure_schema_extension(extension: SchemaExtension, cancellable: Cancellable): boolean;
            ensure_schema_extension_async(extension: SchemaExtension, cancellable: Cancellable): Promise<boolean>;
            ensure_schema_extension_async(
                extension: SchemaExtension, cancellable: Cancellable, callback: Callback<this>
            ): void;
            ensure_schema_extension_finish(result: Gio.AsyncResult): boolean;

            get_import_schema(cancellable: Cancellable): ImportSchema;
            get_import_schema_async(cancellable: Cancellable): Promise<ImportSchema>;
            get_import_schema_async(cancellable: Cancellable, callback: Callback<this>): void;
            get_import_schema_finish(result: Gio.AsyncResult): ImportSchema;

            get_save_point(source: string, cancellable: Cancellable): [done: boolean, save_point: string | null];
            get_save_point_async(
                source: string, cancellable: Cancellable
            ): Promise<[save_point: string | null]>;
            get_save_point_async(source: string, cancellable: Cancellable, callback: Callback<this>): void;
            get_save_point_finish(result: Gio.AsyncResult): [done: boolean, save_point: string | null];

            set_save_point(source: string, save_point: string | null, cancellable: Cancellable): boolean;
            set_save_point_async(
                source: string, save_point: string | null, cancellable: Cancellable
            ): Promise<boolean>;
            set_save_point_async(
                source: string, save_point: string | null, cancellable: Cancellable, callback: Callback<this>
            ): void;
            set_save_point_finish(result: Gio.AsyncResult): boolean;

            begin_full_import(source: string, cancellable: Cancellable): boolean;
            begin_full_import_async(source: string, cancellable: Cancellable): Promise<boolean>;
            begin_full_import_async(source: string, cancellable: Cancellable, callback: Callback<this>): void;
            begin_full_import_finish(result: Gio.AsyncResult): boolean;

            end_full_import(source: string, cancellable: Cancellable): boolean;
            end_full_import_async(source: string, cancellable: Cancellable): Promise<boolean>;
            end_full_import_async(source: string, cancellable: Cancellable, callback: Callback<this>): void;
            end_full_import_finish(result: Gio.AsyncResult): boolean;

            import_bytes(envelope: GLib.Bytes | Uint8Array, cancellable: Cancellable): string;
            import_bytes_async(envelope: GLib.Bytes | Uint8Array, cancellable: Cancellable): Promise<string>;
            import_bytes_async(
                envelope: GLib.Bytes | Uint8Array, cancellable: Cancellable, callback: Callback<this>
            ): void;
            import_bytes_finish(result: Gio.AsyncResult): string;

            import_file(file: Gio.File, cancellable: Cancellable): string;
            import_file_async(file: Gio.File, cancellable: Cancellable): Promise<string>;
            import_file_async(file: Gio.File, cancellable: Cancellable, callback: Callback<this>): void;
            import_file_finish(result: Gio.AsyncResult): string;

            import_envelope(envelope: PlainObject, cancellable: Cancellable): string;
            import_envelope_async(envelope: PlainObject, cancellable: Cancellable): Promise<string>;
            import_envelope_async(envelope: PlainObject, cancellable: Cancellable, callback: Callback<this>): void;
            import_envelope_finish(result: Gio.AsyncResult): string;

            wait_for_imports(ids: Iterable<string>, cancellable: Cancellable): boolean;
            wait_for_imports_async(ids: Iterable<string>, cancellable: Cancellable): Promise<boolean>;
            wait_for_imports_async(ids: Iterable<string>, cancellable: Cancellable, callback: Callback<this>): void;
            wait_for_imports_finish(result: Gio.AsyncResult): boolean;

            wait_for_job(id: string, cancellable: Cancellable): boolean;
            wait_for_job_async(id: string, cancellable: Cancellable): Promise<boolean>;
            wait_for_job_async(id: string, cancellable: Cancellable, callback: Callback<this>): void;
            wait_for_job_finish(result: Gio.AsyncResult): boolean;

            delete_vertices(source: string, collection: string, keys: Iterable<string>, cancellable: Cancellable): boolean;
            delete_vertices_async(
                source: string, collection: string, keys: Iterable<string>, cancellable: Cancellable
            ): Promise<boolean>;
            delete_vertices_async(
                source: string, collection: string, keys: Iterable<string>, cancellable: Cancellable,
                callback: Callback<this>
            ): void;
            delete_vertices_finish(result: Gio.AsyncResult): boolean;

            patch_vertex(
                collection: string, external_id: string, changes: PlainObject, cancellable: Cancellable
            ): boolean;
            patch_vertex_async(
                collection: string, external_id: string, changes: PlainObject, cancellable: Cancellable
            ): Promise<boolean>;
            patch_vertex_async(
                collection: string, external_id: string, changes: PlainObject, cancellable: Cancellable,
                callback: Callback<this>
            ): void;
            patch_vertex_finish(result: Gio.AsyncResult): boolean;

            patch_edge(
                collection: string, source: string, from: string, to: string, changes: PlainObject,
                cancellable: Cancellable
            ): boolean;
            patch_edge_async(
                collection: string, source: string, from: string, to: string, changes: PlainObject,
                cancellable: Cancellable
            ): Promise<boolean>;
            patch_edge_async(
                collection: string, source: string, from: string, to: string, changes: PlainObject,
                cancellable: Cancellable, callback: Callback<this>
            ): void;
            patch_edge_finish(result: Gio.AsyncResult): boolean;

            query(query: string, variables: PlainObject | null, cancellable: Cancellable): any;
            query_async(query: string, variables: PlainObject | null, cancellable: Cancellable): Promise<any>;
            query_async(
                query: string, variables: PlainObject | null, cancellable: Cancellable,
                callback: Callback<this>
            ): void;
            query_finish(result: Gio.AsyncResult): any;

            search_collection(
                collection: string, attribute: string, value: string | number | bigint | boolean, fields: Iterable<string>,
                cancellable: Cancellable
            ): any[];
            search_collection_async(
                collection: string, attribute: string, value: string | number | bigint | boolean, fields: Iterable<string>,
                cancellable: Cancellable
            ): Promise<any[]>;
            search_collection_async(
                collection: string, attribute: string, value: string | number | bigint | boolean, fields: Iterable<string>,
                cancellable: Cancellable, callback: Callback<this>
            ): void;
            search_collection_finish(result: Gio.AsyncResult): any[];

            /* All objects of a collection, asked for page by page as they are used. */
            list_collection(
                collection: string, fields: Iterable<string>, where?: PlainObject | null, cancellable?: Cancellable
            ): Generator<any, void, undefined>;

            /* The same in JSON text, which holds numbers that JavaScript's cannot. */
            query_json(query: string, variables_json: string | null, cancellable: Cancellable): string;
            query_json_async(query: string, variables_json: string | null, cancellable: Cancellable): Promise<string>;
            query_json_async(query: string, variables_json: string | null, cancellable: Cancellable, callback: Callback<this>): void;
            query_json_finish(result: Gio.AsyncResult): string;

            search_collection_json(collection: string, attribute: string, value_json: string, fields: Iterable<string>, cancellable: Cancellable): string;
            search_collection_json_async(collection: string, attribute: string, value_json: string, fields: Iterable<string>, cancellable: Cancellable): Promise<string>;
            search_collection_json_async(collection: string, attribute: string, value_json: string, fields: Iterable<string>, cancellable: Cancellable, callback: Callback<this>): void;
            search_collection_json_finish(result: Gio.AsyncResult): string;

            patch_vertex_json(collection: string, external_id: string, changes_json: string, cancellable: Cancellable): boolean;
            patch_vertex_json_async(collection: string, external_id: string, changes_json: string, cancellable: Cancellable): Promise<boolean>;
            patch_vertex_json_async(collection: string, external_id: string, changes_json: string, cancellable: Cancellable, callback: Callback<this>): void;
            patch_vertex_json_finish(result: Gio.AsyncResult): boolean;

            patch_edge_json(collection: string, source: string, from: string, to: string, changes_json: string, cancellable: Cancellable): boolean;
            patch_edge_json_async(collection: string, source: string, from: string, to: string, changes_json: string, cancellable: Cancellable): Promise<boolean>;
            patch_edge_json_async(collection: string, source: string, from: string, to: string, changes_json: string, cancellable: Cancellable, callback: Callback<this>): void;
            patch_edge_json_finish(result: Gio.AsyncResult): boolean;

            /** Makes a call that has no method of its own: the path is its segments. The answer is null where it is empty, and
             * where the status is the tolerated one. */
            call(
                version: ApiVersion, method: string, path: Iterable<string>, query?: {[name: string]: string} | null,
                body?: PlainObject | null, tolerated?: number, cancellable?: Cancellable
            ): [answer: any, status: number];
            call_async(
                version: ApiVersion, method: string, path: Iterable<string>, query: {[name: string]: string} | null,
                body: PlainObject | null, tolerated: number, cancellable: Cancellable
            ): Promise<[answer: any, status: number]>;
            call_async(
                version: ApiVersion, method: string, path: Iterable<string>, query: {[name: string]: string} | null,
                body: PlainObject | null, tolerated: number, cancellable: Cancellable, callback: Callback<this>
            ): void;
            call_finish(result: Gio.AsyncResult): [answer: any, status: number];
        }
    }

    export default Car;
}

declare module 'gi://Car' {
    export {default} from 'gi://Car?version=1.0';
}

/* ---- without @girs/… --------------------------------------------------------------------------------------------- */

/* A declaration by a module's full name, such as those of the packages have, wins over one by a pattern. These name what
 * libcar itself needs; whatever else a program takes from a library is any. */

declare module 'gi://GObject*' {
    namespace GObject {
        interface Object {
            _init(...args: any[]): void;
            connect(signal: string, callback: (...args: any[]) => any): number;
            connect_after(signal: string, callback: (...args: any[]) => any): number;
            disconnect(id: number): void;
        }
    }

    const GObject: {
        Object: {new (properties?: object): GObject.Object, readonly prototype: GObject.Object};
        registerClass: {
            <Class>(klass: Class): Class;
            <Class>(options: object, klass: Class): Class;
        };
        [name: string]: any;
    };

    export default GObject;
}

declare module 'gi://GLib*' {
    type BaseError = Error;

    namespace GLib {
        type Quark = number;
        type Bytes = any;

        interface Error extends BaseError {
            domain: Quark;
            code: number;
            matches(domain: any, code: number): boolean;
        }
    }

    const GLib: {
        Error: {new (domain: GLib.Quark, code: number, message: string): GLib.Error, readonly prototype: GLib.Error};
        [name: string]: any;
    };

    export default GLib;
}

declare module 'gi://Gio*' {
    import type GObject from 'gi://GObject?version=2.0';

    namespace Gio {
        type AsyncResult = any;
        type AsyncReadyCallback<Source> = (source: Source | null, result: AsyncResult, data: any) => void;
        type File = any;

        interface Cancellable extends GObject.Object {
            cancel(): void;
            is_cancelled(): boolean;
            set_error_if_cancelled(): boolean;
        }

        interface Application extends GObject.Object {
            quit(): void;
            run(argv: string[] | null): number;
        }
    }

    const Gio: {
        Application: {new (properties?: object): Gio.Application, readonly prototype: Gio.Application};
        Cancellable: {new (): Gio.Cancellable, readonly prototype: Gio.Cancellable};
        [name: string]: any;
    };

    export default Gio;
}

declare module 'gi://*' {
    const library: any;

    export default library;
}
