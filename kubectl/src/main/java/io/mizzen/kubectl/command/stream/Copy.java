// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.stream;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** {@code kubectl cp}: files and folders to and from a container through {@code tar} inside it. One named thread packs or unpacks. */
public final class Copy extends Command {
    private static final int PIPE = 256 * 1024;
    private static final long FINISH_SECONDS = 600;

    @Override
    public String flags() {
        return "container,c:s= no-preserve:b=false retries:i=0";
    }

    @Override
    public String synopsis() {
        return "<file-spec-src> <file-spec-dest>";
    }

    private record Spec(String namespace, String pod, String file) {
        boolean isRemote() {
            return !pod.isEmpty();
        }
    }

    @Override
    public int run(Invocation call) {
        if (call.arguments().size() != 2) {
            throw CommandFailure.error("source and destination are required");
        }
        Spec source = spec(call, call.arguments().get(0));
        Spec target = spec(call, call.arguments().get(1));
        if (source.isRemote() && target.isRemote()) {
            throw CommandFailure.error("one of src or dest must be a local file specification");
        }
        if (!source.isRemote() && !target.isRemote()) {
            throw CommandFailure.error("one of src or dest must be a remote file specification");
        }
        if (source.file().isEmpty() || target.file().isEmpty()) {
            throw CommandFailure.error("filepath can not be empty");
        }
        return source.isRemote() ? download(call, source, target) : upload(call, source, target);
    }

    private static Spec spec(Invocation call, String argument) {
        int colon = argument.indexOf(':');
        if (colon < 0) {
            return new Spec("", "", argument);
        }
        String pod = argument.substring(0, colon);
        String file = argument.substring(colon + 1);
        int slash = pod.indexOf('/');
        if (colon == 0 || slash != pod.lastIndexOf('/')) {
            throw CommandFailure.error("filespec must match the canonical format: [[namespace/]pod:]file/path");
        }
        return slash < 0
                ? new Spec(call.namespace(), pod, file)
                : new Spec(pod.substring(0, slash), pod.substring(slash + 1), file);
    }

    private static Session open(Invocation call, Spec remote, List<String> command, boolean stdin) {
        JsonNode pod = call.connection()
                .get("/api/v1/namespaces/" + Connection.escape(remote.namespace()) + "/pods/"
                        + Connection.escape(remote.pod()));
        String container = PodChoice.container(call, pod, call.flags().text("container"), false);
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("container", container);
        parameters.put("stdin", stdin ? "true" : "");
        parameters.put("stdout", "true");
        parameters.put("stderr", "true");
        String path = "/api/v1/namespaces/" + Connection.escape(Json.namespace(pod)) + "/pods/"
                + Connection.escape(Json.name(pod)) + "/exec";
        return Session.open(call.connection(), Session.query(path, parameters, command));
    }

    private static int upload(Invocation call, Spec source, Spec target) {
        Path from = Path.of(source.file());
        if (!Files.exists(from)) {
            throw CommandFailure.error(source.file() + " doesn't exist in local filesystem");
        }
        String to = trim(target.file());
        if (isFolder(call, target, to)) {
            to = to + "/" + from.toAbsolutePath().normalize().getFileName();
        }
        int slash = to.lastIndexOf('/');
        String folder = slash < 0 ? "." : slash == 0 ? "/" : to.substring(0, slash);
        String name = to.substring(slash + 1);
        List<String> command = call.flags().is("no-preserve")
                ? List.of("tar", "--no-same-permissions", "--no-same-owner", "-xmf", "-", "-C", folder)
                : List.of("tar", "-xmf", "-", "-C", folder);
        Session session = open(call, target, command, true);
        try (PipedInputStream in = new PipedInputStream(PIPE)) {
            PipedOutputStream pipe = new PipedOutputStream(in);
            FutureTask<Boolean> packing = new FutureTask<>(() -> {
                try (pipe) {
                    Tar.write(from, name, pipe);
                }
                return true;
            });
            Thread.ofVirtual().name("tar-pack").start(packing);
            int code = session.run(in, call.io().out(), call.io().err(), false);
            finish(packing);
            return code;
        } catch (IOException e) {
            throw CommandFailure.error(String.valueOf(e.getMessage()));
        }
    }

    private static String trim(String path) {
        return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    }

    private static boolean isFolder(Invocation call, Spec target, String path) {
        try {
            Session session = open(call, target, List.of("test", "-d", path), false);
            return session.run(
                            null,
                            java.io.OutputStream.nullOutputStream(),
                            java.io.OutputStream.nullOutputStream(),
                            false)
                    == 0;
        } catch (CommandFailure e) {
            if (e.exitCode() == 1 && e.text().startsWith("command terminated")) {
                return false;
            }
            throw e;
        }
    }

    private static int download(Invocation call, Spec source, Spec target) {
        String from = trim(source.file());
        Path to = Path.of(target.file());
        String name = from.substring(from.lastIndexOf('/') + 1);
        Path place = Files.isDirectory(to) ? to.resolve(name) : to;
        Session session = open(call, source, List.of("tar", "cf", "-", from), false);
        try (PipedInputStream in = new PipedInputStream(PIPE)) {
            PipedOutputStream pipe = new PipedOutputStream(in);
            String prefix = from.startsWith("/") ? from.substring(1) : from;
            FutureTask<Boolean> unpacking = new FutureTask<>(() -> {
                Tar.read(in, prefix, place, call.io());
                return true;
            });
            Thread.ofVirtual().name("tar-unpack").start(unpacking);
            int code;
            try (pipe) {
                code = session.run(null, pipe, call.io().err(), false);
            }
            finish(unpacking);
            return code;
        } catch (IOException e) {
            throw CommandFailure.error(String.valueOf(e.getMessage()));
        }
    }

    private static void finish(FutureTask<Boolean> work) {
        try {
            if (!work.get(FINISH_SECONDS, TimeUnit.SECONDS)) {
                throw CommandFailure.error("copy did not finish");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandFailure(130, "");
        } catch (ExecutionException | TimeoutException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw CommandFailure.error(String.valueOf(cause.getMessage()));
        }
    }
}
