// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command;

import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.cli.Io;
import io.mizzen.kubectl.config.Kubeconfig;
import io.mizzen.kubectl.config.Settings;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.RestMapper;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One call of one command: its flags, streams and, made when first asked for, the connection to the server. Used by the thread that
 * runs the command; closing it ends the connection.
 */
public final class Invocation implements AutoCloseable {
    private final String path;
    private final Flags flags;
    private final Io io;
    private final Map<String, String> environment;
    private @Nullable Settings settings;
    private @Nullable Connection connection;
    private @Nullable RestMapper mapper;

    /** @param path the command's words, e.g. {@code kubectl rollout status} */
    public Invocation(String path, Flags flags, Io io, Map<String, String> environment) {
        this.path = path;
        this.flags = flags;
        this.io = io;
        this.environment = environment;
    }

    /** The command's words. */
    public String path() {
        return path;
    }

    /** The parsed flags. */
    public Flags flags() {
        return flags;
    }

    /** The words that are not flags. */
    public List<String> arguments() {
        return flags.arguments();
    }

    /** The streams. */
    public Io io() {
        return io;
    }

    /** The environment's variables. */
    public Map<String, String> environment() {
        return environment;
    }

    /** The complaint about a wrong call. */
    public CommandFailure usage(String message) {
        return CommandFailure.usage(path, message);
    }

    /** Server, identity and namespace. */
    public Settings settings() {
        Settings made = settings;
        if (made == null) {
            made = Settings.of(flags, environment);
            settings = made;
        }
        return made;
    }

    /** The namespace in force. */
    public String namespace() {
        return settings().namespace();
    }

    /** The connection. */
    public Connection connection() {
        Connection made = connection;
        if (made == null) {
            made = new Connection(settings().endpoint(), io.err(), flags.number("v"));
            connection = made;
        }
        return made;
    }

    /** What the server serves. */
    public RestMapper mapper() {
        RestMapper made = mapper;
        if (made == null) {
            made = new RestMapper(connection(), cacheFolder());
            mapper = made;
        }
        return made;
    }

    /** Where answers are kept between calls. */
    public Path cacheFolder() {
        String given = flags.text("cache-dir");
        if (given.isEmpty()) {
            given = environment.getOrDefault("KUBECACHEDIR", "");
        }
        return given.isEmpty() ? Path.of(Kubeconfig.home(environment), ".kube", "cache") : Path.of(given);
    }

    /** How much of the change is done. */
    public DryRun dryRun() {
        return DryRun.of(flags);
    }

    /** The parameters of a change: dry run, field manager, field validation. */
    public Map<String, String> changeParameters() {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("dryRun", dryRun().parameter());
        parameters.put("fieldManager", flags.text("field-manager"));
        parameters.put("fieldValidation", validation());
        return parameters;
    }

    private String validation() {
        return switch (flags.text("validate")) {
            case "" -> "";
            case "true", "strict" -> "Strict";
            case "warn" -> "Warn";
            case "false", "ignore" -> "Ignore";
            default ->
                throw CommandFailure.error("invalid - validate option " + flags.text("validate")
                        + "; must be one of: strict (or true), warn, ignore (or false)");
        };
    }

    /** Whether the server has sent warnings that the user wants to be errors. */
    public boolean warningsAreErrors() {
        Connection made = connection;
        return flags.is("warnings-as-errors") && made != null && made.warnings() > 0;
    }

    @Override
    public void close() {
        Connection made = connection;
        if (made != null) {
            made.close();
        }
    }
}
