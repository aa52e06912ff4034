/* SPDX-License-Identifier: Apache-2.0 */

/* A whole connector in Vala: valac --pkg car-1.0 example-connector.vala */

class ExampleServer : Car.AssetServer {
    public override bool test_connection (Cancellable? cancellable) throws Error {
        if (Environment.get_variable ("EXAMPLE_FAILS") != null)
            throw new Car.DatasourceFailure.AUTH ("told to fail");
        return true;
    }
}

class ExampleImport : Car.FullImport {
    public override bool import_vertices (Cancellable? cancellable) throws Error {
        var asset = new Car.Record ();

        asset.set_string ("external_id", "1");
        asset.set_string ("name", "Web server");
        get_data_handler ().add_vertex_record ("asset", asset);
        return get_data_handler ().add_vertex_json ("hostname", "{\"_key\": \"web.example.org\"}", -1);
    }

    public override bool import_edges (Cancellable? cancellable) throws Error {
        var edge = new Car.Record ();

        edge.set_string ("_from_external_id", "1");
        edge.set_string ("_to", "hostname/web.example.org");
        return get_data_handler ().add_edge_record ("asset_hostname", edge);
    }
}

class ExampleApp : Car.App {
    public override Car.AssetServer create_asset_server () throws Error {
        return new ExampleServer ();
    }

    public override Car.FullImport create_full_import () throws Error {
        return new ExampleImport ();
    }

    public static int main (string[] arguments) {
        return new ExampleApp ().run (arguments);
    }
}
