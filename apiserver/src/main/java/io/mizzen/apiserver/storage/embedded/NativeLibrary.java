// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage.embedded;

import io.mizzen.apiserver.storage.StorageUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.rocksdb.RocksDB;

/**
 * Unpacks RocksDB's native library once into a folder of ours and loads it from there. RocksDB's own way unpacks it into the
 * temporary folder at every start and leaves it there when the process is killed.
 */
final class NativeLibrary {
    private static final String NAME = "librocksdbjni-linux64.so";
    /** What {@link RocksDB#loadLibrary(List)} looks for in a folder: it puts "jni" to the name once more. */
    private static final String UNPACKED = "librocksdbjnijni-linux64.so";

    private NativeLibrary() {}

    static synchronized void load(Path folder) {
        try {
            URL resource = RocksDB.class.getResource("/" + NAME);
            if (resource != null) {
                unpack(resource, folder);
                RocksDB.loadLibrary(List.of(folder.toString()));
            } else {
                RocksDB.loadLibrary();
            }
        } catch (IOException | UnsatisfiedLinkError e) {
            throw new StorageUnavailableException(
                    "RocksDB's native library cannot be loaded from " + folder + ": " + e.getMessage(), false, e);
        }
    }

    private static void unpack(URL resource, Path folder) throws IOException {
        URLConnection connection = resource.openConnection();
        connection.setUseCaches(false);
        Path library = folder.resolve(UNPACKED);
        try (InputStream in = connection.getInputStream()) {
            // A library of the same length is taken for the same one: versions differ in length, and a torn copy never
            // gets its final name.
            if (Files.exists(library) && Files.size(library) == connection.getContentLengthLong()) {
                return;
            }
            Files.createDirectories(folder);
            Path copy = Files.createTempFile(folder, NAME, ".part");
            Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
            Files.move(copy, library, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
