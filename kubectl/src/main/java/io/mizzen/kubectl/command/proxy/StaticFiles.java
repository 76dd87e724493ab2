// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.proxy;

import io.mizzen.kubectl.net.Outgoing;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** The files of one folder and those below it. Whoever may reach the proxy may read them. Stateless. */
final class StaticFiles {
    private static final int SNIFFED_BYTES = 512;

    private final Path folder;

    StaticFiles(Path folder) {
        this.folder = folder;
    }

    /** Answers with a file, a folder's {@code index.html} or its list; {@code path} is below the folder, escapes resolved. */
    void answer(OutputStream out, String path, boolean bodiless) throws IOException {
        String clean = ProxyRules.clean(path);
        Path file;
        try {
            file = folder.resolve(clean.substring(1));
        } catch (InvalidPathException e) {
            Answers.text(out, 404, "404 page not found", bodiless);
            return;
        }
        boolean asFolder = path.endsWith("/");
        boolean isFolder = Files.isDirectory(file);
        String name = String.valueOf(file.getFileName());
        if (!Files.isReadable(file)) {
            int code = Files.exists(file) ? 403 : 404;
            Answers.text(out, code, code == 403 ? "403 Forbidden" : "404 page not found", bodiless);
        } else if (!isFolder && clean.endsWith("/index.html")) {
            Answers.moved(out, "./");
        } else if (isFolder && !asFolder) {
            Answers.moved(out, Answers.escape(name) + "/");
        } else if (!isFolder && asFolder) {
            Answers.moved(out, "../" + Answers.escape(name));
        } else if (!isFolder) {
            file(out, file, bodiless);
        } else if (Files.isReadable(file.resolve("index.html"))) {
            file(out, file.resolve("index.html"), bodiless);
        } else {
            list(out, file, bodiless);
        }
    }

    private static void file(OutputStream out, Path file, boolean bodiless) throws IOException {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", type(file));
        headers.put(
                "Last-Modified", Answers.date(Files.getLastModifiedTime(file).toInstant()));
        headers.put("Date", Answers.date(Answers.now()));
        Outgoing answer = new Outgoing(200, "OK", headers);
        long length = Files.size(file);
        if (bodiless) {
            headers.put("Content-Length", Long.toString(length));
            answer.send(out);
            return;
        }
        try (InputStream in = Files.newInputStream(file)) {
            answer.send(out, in, length, true);
        }
    }

    private static void list(OutputStream out, Path folder, boolean bodiless) throws IOException {
        StringBuilder page =
                new StringBuilder("<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n");
        try (Stream<Path> files = Files.list(folder)) {
            files.sorted().forEach(file -> {
                String name = file.getFileName() + (Files.isDirectory(file) ? "/" : "");
                page.append("<a href=\"")
                        .append(Answers.html(Answers.escape(name)))
                        .append("\">")
                        .append(Answers.html(name))
                        .append("</a>\n");
            });
        }
        Answers.html(out, 200, page.append("</pre>\n").toString(), bodiless);
    }

    private static String type(Path file) throws IOException {
        String name = file.toString().toLowerCase(Locale.ROOT);
        return switch (name.substring(name.lastIndexOf('.') + 1)) {
            case "html", "htm" -> "text/html; charset=utf-8";
            case "css" -> "text/css; charset=utf-8";
            case "js", "mjs" -> "text/javascript; charset=utf-8";
            case "xml" -> "text/xml; charset=utf-8";
            case "json" -> "application/json";
            case "wasm" -> "application/wasm";
            case "pdf" -> "application/pdf";
            case "svg" -> "image/svg+xml";
            case "png" -> "image/png";
            case "jpg", "jpeg" -> "image/jpeg";
            case "gif" -> "image/gif";
            case "webp" -> "image/webp";
            case "ico" -> "image/x-icon";
            default -> isText(file) ? "text/plain; charset=utf-8" : "application/octet-stream";
        };
    }

    private static boolean isText(Path file) throws IOException {
        byte[] start;
        try (InputStream in = Files.newInputStream(file)) {
            start = in.readNBytes(SNIFFED_BYTES);
        }
        for (byte b : start) {
            if (b >= 0 && b < ' ' && b != '\t' && b != '\n' && b != '\r' && b != '\f' && b != 0x1b) {
                return false;
            }
        }
        try {
            // A letter may be cut in two at the end: then the file is longer than what was read.
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(start));
            return true;
        } catch (CharacterCodingException e) {
            return start.length == SNIFFED_BYTES;
        }
    }
}
