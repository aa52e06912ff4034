/* SPDX-License-Identifier: Apache-2.0 */

/* The reference connector in JavaScript: it imports the inventory of an asset server, as car-connector-reference does. */

import Car from 'gi://Car?version=1.0';
import GObject from 'gi://GObject';
import System from 'system';

import {makeExtension} from './extension.js';
import {ReferenceFullImport} from './full-import.js';
import {ReferenceIncrementalImport} from './incremental-import.js';
import {ReferenceServer} from './server.js';

const SETTINGS = [
    ['server', 'CONFIGURATION_AUTH_URL', "the asset server's address", 'URL'],
    ['username', 'CONFIGURATION_AUTH_USERNAME', 'the user that the asset server knows', 'NAME'],
    ['password', 'CONFIGURATION_AUTH_PASSWORD', "that user's password", 'PASSWORD'],
];

const ReferenceApp = GObject.registerClass(class ReferenceApp extends Car.App {
    constructor() {
        super();
        for (const [name, variable, description, argument] of SETTINGS)
            this.add_setting(name, variable, description, {required: true, secret: name === 'password', argument});
    }

    vfunc_create_asset_server() {
        return new ReferenceServer(...['server', 'username', 'password'].map(name => this.get_setting(name)));
    }

    vfunc_create_schema_extension() {
        return makeExtension();
    }

    vfunc_create_full_import() {
        return new ReferenceFullImport();
    }

    vfunc_create_incremental_import() {
        return new ReferenceIncrementalImport();
    }
});

System.exit(new ReferenceApp().run());
