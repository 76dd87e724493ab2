// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.proxy;

import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.config.Settings;
import io.mizzen.kubectl.net.Endpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** {@code kubectl proxy}: the API at a local port, for programs that can't identify themselves. Ends when it is interrupted. */
public final class Proxy extends Command {
    private static final long DEFAULT_PORT = 8001;
    /** Exit code of an expression that is none, as upstream's. */
    private static final int FATAL = 255;

    @Override
    public String flags() {
        return "accept-hosts:s=^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$ accept-paths:s=^.* address:s=127.0.0.1 api-prefix:s=/"
                + " append-server-path:b=false disable-filter:b=false keepalive:d=0s port,p:i=" + DEFAULT_PORT
                + " reject-methods:s=^$ reject-paths:s=^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach unix-socket,u:s="
                + " www,w:s= www-prefix,P:s=/static/";
    }

    @Override
    public String synopsis() {
        return "[--port=PORT] [--www=static-dir] [--www-prefix=prefix] [--api-prefix=prefix]";
    }

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        Endpoint endpoint = call.settings().endpoint();
        if (!endpoint.basePath().isEmpty() && !flags.is("append-server-path")) {
            warn(
                    call,
                    "Your kube context contains a server path " + endpoint.basePath()
                            + ", use --append-server-path to automatically append the path to each request");
        }
        String socket = flags.text("unix-socket");
        Optional<ProxyRules.Filter> filter = filter(call, flags, socket);
        if (!socket.isEmpty() && flags.number("port") != DEFAULT_PORT) {
            throw CommandFailure.error("cannot set --unix-socket and --port at the same time");
        }
        Optional<StaticFiles> files = files(call, flags.text("www"));
        String before = flags.is("append-server-path") ? endpoint.basePath() : "";
        ProxyRules rules = new ProxyRules(
                folder(flags.text("api-prefix")),
                files.isPresent() ? folder(flags.text("www-prefix")) : "",
                before,
                filter);
        ApiSource api =
                new ApiSource(() -> Settings.of(flags, call.environment()).endpoint(), System::nanoTime);
        try (Listener listener = socket.isEmpty()
                        ? Listener.port(flags.text("address"), flags.number("port"))
                        : Listener.socket(Path.of(socket));
                ProxyServer server = new ProxyServer(
                        listener, api, rules, files, line -> call.io().errorLine(line))) {
            call.io().line("Starting to serve on " + listener.shown());
            call.io().out().flush();
            server.serve();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return 0;
    }

    private static Optional<ProxyRules.Filter> filter(Invocation call, Flags flags, String socket) {
        if (flags.is("disable-filter")) {
            if (socket.isEmpty()) {
                warn(call, "Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious");
            }
            return Optional.empty();
        }
        return Optional.of(new ProxyRules.Filter(
                patterns(flags.text("accept-paths")),
                patterns(flags.text("reject-paths")),
                patterns(flags.text("accept-hosts")),
                patterns(flags.text("reject-methods"))));
    }

    private static List<Pattern> patterns(String text) {
        try {
            return ProxyRules.patterns(text);
        } catch (PatternSyntaxException e) {
            throw new CommandFailure(
                    FATAL,
                    "Error compiling re: error parsing regexp: " + e.getDescription() + ": `" + e.getPattern() + "`");
        }
    }

    private static Optional<StaticFiles> files(Invocation call, String www) {
        if (www.isEmpty()) {
            return Optional.empty();
        }
        Path folder = Path.of(www);
        if (!Files.exists(folder)) {
            warn(call, "Failed to stat static file directory " + www + ": stat " + www + ": no such file or directory");
        } else if (!Files.isDirectory(folder)) {
            warn(call, "Static file directory " + www + " is not a directory");
        }
        return Optional.of(new StaticFiles(folder));
    }

    private static String folder(String prefix) {
        return prefix.endsWith("/") ? prefix : prefix + "/";
    }

    private static void warn(Invocation call, String text) {
        call.io().errorLine("Warning: " + text);
    }
}
