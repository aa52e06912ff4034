/* SPDX-License-Identifier: Apache-2.0 */

import Car from 'gi://Car?version=1.0';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Soup from 'gi://Soup?version=3.0';

const TIMEOUT_SECONDS = 60; /* without a byte */
const MAX_TRIES = 4;
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 30000;
const MAX_REDIRECTS = 5;
const MAX_SIZE = 2 ** 30;
const CHUNK = 2 ** 20;

const PASSING = [429, 502, 503, 504];
const REDIRECTS = [301, 302, 303, 307, 308];

const Code = Car.DatasourceFailureCode;

/* What a status means that is not 200. */
const MEANINGS = {
    400: [Code.INVALID_PARAMETER, 'it does not know what was asked for (HTTP status 400): check -server'],
    401: [Code.AUTH,
        "it does not take the user's name and password (HTTP status 401): check -username and -password"],
    403: [Code.FORBIDDEN,
        'the user may not read this (HTTP status 403): give it the right to, or use another user'],
    404: [Code.INVALID_PARAMETER, 'it does not know what was asked for (HTTP status 404): check -server'],
};

function parseUri(url) {
    try {
        return GLib.Uri.parse(url, Soup.HTTP_URI_FLAGS);
    } catch {
        return null;
    }
}

function checkSettings(uri, username) {
    let problem = null;

    if (!uri?.get_host() || !['http', 'https'].includes(uri.get_scheme()))
        problem = '-server (CONFIGURATION_AUTH_URL) is no address such as https://assets.example.com';
    else if (uri.get_userinfo() !== null || uri.get_query() !== null || uri.get_fragment() !== null)
        problem = '-server (CONFIGURATION_AUTH_URL) may hold a host, a port and a path only';
    /* RFC 7617, section 2: what stands before the first colon is the user. */
    else if (username.includes(':'))
        problem = '-username (CONFIGURATION_AUTH_USERNAME) may hold no colon';

    if (problem !== null)
        throw new Car.AppError(problem, Car.AppErrorCode.INVALID_PARAMETER);
}

function failure(code, uri, problem) {
    const shown = uri.to_string_partial(GLib.UriHideFlags.USERINFO | GLib.UriHideFlags.QUERY);

    return new Car.DatasourceFailure(`the asset server, at ${shown}: ${problem}`, code);
}

/* The password is not for another server, nor for the same one without TLS. */
function isSameOrigin(a, b) {
    return a.get_scheme() === b.get_scheme() && a.get_port() === b.get_port() &&
        a.get_host().toLowerCase() === b.get_host().toLowerCase();
}

function readBody(stream, uri, cancellable) {
    const body = Gio.MemoryOutputStream.new_resizable();

    for (;;) {
        const chunk = stream.read_bytes(CHUNK, cancellable);

        if (chunk.get_size() === 0)
            break;
        if (body.get_data_size() + chunk.get_size() > MAX_SIZE)
            throw failure(Code.DATA_PROCESSING, uri, 'its answer is larger than 1 GiB');
        body.write_bytes(chunk, null);
    }
    body.close(null);
    return body.steal_as_bytes().toArray();
}

/* Where an answer leads on to; null: it is no redirect. */
function getRedirect(message) {
    const uri = message.get_uri();
    const location = message.response_headers.get_one('Location');
    let target = null;

    if (!REDIRECTS.includes(message.status_code))
        return null;
    try {
        target = location === null ? null : uri.parse_relative(location, Soup.HTTP_URI_FLAGS);
    } catch {
        /* said below */
    }
    if (!target?.get_host() || !target.get_scheme().startsWith('http'))
        throw failure(Code.UNKNOWN, uri, 'it redirects, and does not say where to');
    return target;
}

/* A certificate that is not trusted now is not trusted in a second either. */
function isPassing(error) {
    return error instanceof GLib.Error &&
        !(error instanceof Car.DatasourceFailure || error instanceof Gio.TlsError ||
            error instanceof Gio.ResolverError || isCancelled(error));
}

function isCancelled(error) {
    return error instanceof GLib.Error && error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED);
}

/* The server may say how long; in milliseconds. */
function getWait(answer, tries) {
    const after = answer?.message.response_headers.get_one('Retry-After') ?? '';

    if (/^[0-9]{1,5}$/.test(after) && Number(after) * 1000 <= MAX_WAIT_MS)
        return Number(after) * 1000;
    return Math.min(FIRST_WAIT_MS * 2 ** tries, MAX_WAIT_MS);
}

function waitFor(milliseconds, cancellable) {
    const end = GLib.get_monotonic_time() + milliseconds * 1000;

    while (GLib.get_monotonic_time() < end) {
        cancellable?.set_error_if_cancelled();
        GLib.usleep(20000);
    }
}

function parse(body, uri) {
    try {
        return JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(body));
    } catch {
        throw failure(Code.DATA_PROCESSING, uri,
            'what it answered is no JSON: is -server the address of an asset server?');
    }
}

/* GET requests to one server, with HTTP Basic. They follow redirects, and try again what fails for a moment. */
export class Http {
    constructor(url, username, password) {
        const credentials = new TextEncoder().encode(`${username}:${password}`);

        this._origin = parseUri(url);
        checkSettings(this._origin, username);
        this._url = url.replace(/\/$/, '');
        this._authorization = `Basic ${GLib.base64_encode(credentials)}`;
        this._session = new Soup.Session({timeout: TIMEOUT_SECONDS, user_agent: 'car-connector-reference '});
    }

    /* The JSON that is at a path. Throws a Car.DatasourceFailure, whose `status` tells the HTTP status where there is
     * one. */
    get(path, cancellable) {
        const uri = parseUri(this._url + path);
        const {message, body} = this._sendWithTries(uri, cancellable);

        if (message.status_code === 200)
            return parse(body, message.get_uri());

        const [code, problem] = MEANINGS[message.status_code] ??
            [Code.UNKNOWN, `it answered with HTTP status ${message.status_code}`];
        throw Object.assign(failure(code, message.get_uri(), problem), {status: message.status_code});
    }

    /* libsoup would follow redirects as well, with the header that is set here. */
    _makeMessage(uri) {
        const message = Soup.Message.new_from_uri('GET', uri);

        message.add_flags(Soup.MessageFlags.NO_REDIRECT | Soup.MessageFlags.DO_NOT_USE_AUTH_CACHE);
        message.request_headers.append('Accept', 'application/json');
        if (isSameOrigin(uri, this._origin))
            message.request_headers.append('Authorization', this._authorization);
        return message;
    }

    _send(uri, cancellable) {
        let at = uri;

        for (let i = 0; i <= MAX_REDIRECTS; i++) {
            const message = this._makeMessage(at);
            const stream = this._session.send(message, cancellable);

            /* Not left to the garbage collector: the session has but a few connections to a server. */
            try {
                const next = getRedirect(message);

                if (next === null)
                    return {message, body: readBody(stream, at, cancellable)};
                at = next;
            } finally {
                stream.close(null);
            }
        }
        throw failure(Code.UNKNOWN, uri, 'it redirects again and again');
    }

    _sendWithTries(uri, cancellable) {
        for (let tries = 0; ; tries++) {
            const last = tries + 1 === MAX_TRIES;
            let answer = null, what;

            try {
                answer = this._send(uri, cancellable);
                if (last || !PASSING.includes(answer.message.status_code))
                    return answer;
                what = answer.message.reason_phrase;
            } catch (error) {
                if (error instanceof Car.DatasourceFailure || isCancelled(error))
                    throw error;
                if (last || !isPassing(error))
                    throw failure(Code.CONNECT, uri, error.message);
                what = error.message;
            }

            const wait = getWait(answer, tries);
            console.log(`The asset server failed (${what}); it is asked again in ${(wait / 1000).toFixed(1)} s`);
            waitFor(wait, cancellable);
        }
    }
}
