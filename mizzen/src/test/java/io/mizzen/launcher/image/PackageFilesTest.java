// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackageFilesTest {
    @TempDir
    Path root;

    private final Layer layer = new Layer();
    private final List<Path> asked = new ArrayList<>();
    private List<Path> owned = List.of();

    @BeforeEach
    void aSmallMachine() throws Exception {
        Files.createDirectories(root.resolve("usr/lib/tool"));
        Files.createDirectories(root.resolve("etc/alternatives"));
        Files.writeString(root.resolve("usr/lib/libone.so.1.2"), "\u007fELF library");
        Files.createSymbolicLink(root.resolve("usr/lib/libone.so.1"), Path.of("libone.so.1.2"));
        Files.writeString(root.resolve("usr/lib/tool/program"), "\u007fELF program");
        Files.writeString(root.resolve("usr/lib/tool/script"), "#!/bin/sh\n");
    }

    @Test
    void programsBringTheirLibrariesUnderTheNamesTheyAskFor() throws Exception {
        owns("usr", "usr/lib", "usr/lib/tool", "usr/lib/tool/program", "usr/lib/tool/script");

        assertThat(paths())
                .containsExactlyInAnyOrder(
                        "usr",
                        "usr/lib",
                        "usr/lib/tool",
                        "usr/lib/tool/program",
                        "usr/lib/tool/script",
                        "usr/lib/libone.so.1");
        assertThat(asked).as("scripts need none").containsExactly(root.resolve("usr/lib/tool/program"));
    }

    @Test
    void linksBringWhatTheyLeadTo() throws Exception {
        Files.createSymbolicLink(
                root.resolve("usr/tool"), root.resolve("etc/alternatives/tool").toAbsolutePath());
        Files.createSymbolicLink(root.resolve("etc/alternatives/tool"), Path.of("../../usr/lib/tool/program"));
        Files.createSymbolicLink(root.resolve("usr/loop"), Path.of("loop"));
        Files.createSymbolicLink(root.resolve("usr/gone"), Path.of("nowhere"));
        Files.createSymbolicLink(root.resolve("usr/folder"), Path.of("lib"));
        owns("usr", "usr/tool", "usr/loop", "usr/gone", "usr/folder");

        assertThat(paths())
                .contains("usr/tool", "etc/alternatives/tool", "usr/lib/tool/program", "usr/lib/libone.so.1")
                .contains("usr/loop", "usr/gone", "usr/folder")
                .doesNotContain("usr/nowhere", "usr/lib/tool/script");
    }

    @Test
    void aFolderThatIsALinkOnTheMachineIsAFolderInTheImage() throws Exception {
        Files.createSymbolicLink(root.resolve("lib"), Path.of("usr/lib"));
        owns("lib", "lib/tool", "lib/tool/script");

        assertThat(paths()).containsExactlyInAnyOrder("lib", "lib/tool", "lib/tool/script");
    }

    @Test
    void whatTheOwnerRemovedIsNotMissed() throws Exception {
        owns("etc", "etc/removed.conf");

        assertThat(paths()).containsExactly("etc");
    }

    @Test
    void documentationStaysBehind() throws Exception {
        Path documentation = Path.of("/usr/share/doc");
        owned = List.of(documentation, documentation.resolve("tool"));

        assertThat(paths()).isEmpty();
    }

    @Test
    void aPackageOfThisMachineCanBeGathered() throws Exception {
        PackageFiles files = new PackageFiles(new DebianPackages(), layer);

        files.add("procps");

        assertThat(layer.paths())
                .anyMatch(path -> path.matches("(usr/)?bin/ps"))
                .anyMatch(path -> path.matches(".*/libc\\.so\\.6"))
                .anyMatch(path -> path.matches(".*/ld-linux.*"))
                .noneMatch(path -> path.startsWith("usr/share/man"));
    }

    @Test
    void saysWhatToInstall() {
        DebianPackages here = new DebianPackages();

        assertThatThrownBy(() -> here.paths("no-such-package"))
                .isInstanceOf(ImageException.class)
                .hasMessage("package no-such-package is not installed here: apt-get install no-such-package");
        assertThatThrownBy(() -> DebianPackages.loaded(Path.of("/bin/tool"), "\tlibgone.so.2 => not found\n"))
                .hasMessageStartingWith("/bin/tool needs the library libgone.so.2, which is not installed here");
    }

    @Test
    void readsWhatDpkgAndLddPrint() {
        assertThat(DebianPackages.listed("/.\n/usr\ndiverted by dash to: /bin/sh.distrib\n/usr/bin/a b\n"))
                .containsExactly(Path.of("/usr"), Path.of("/usr/bin/a b"));
        assertThat(DebianPackages.loaded(Path.of("/bin/tool"), """
                        \tlinux-vdso.so.1 (0x00007ffe5d9c9000)
                        \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f2c988ba000)
                        \t/lib64/ld-linux-x86-64.so.2 (0x00007f2c98aaf000)
                        """))
                .containsExactly(Path.of("/lib/x86_64-linux-gnu/libc.so.6"), Path.of("/lib64/ld-linux-x86-64.so.2"));
        assertThat(DebianPackages.loaded(Path.of("/bin/tool"), "\tnot a dynamic executable\n"))
                .isEmpty();
    }

    @Test
    void namesAreChecked() {
        assertThat(PackageImage.nameAfter("redis-server")).isEqualTo("localhost/mizzen/redis-server:1");
        assertThat(PackageImage.nameAfter("g++:amd64")).isEqualTo("localhost/mizzen/gxx:1");
        assertThatThrownBy(() -> new PackageImage("localhost/a:1", List.of("--help")))
                .hasMessage("\"--help\" is no name of a Debian package");
        assertThatThrownBy(() -> new PackageImage("localhost/A:1", List.of("tool")))
                .hasMessageContaining("is no full name of an image");
        assertThatThrownBy(() -> new PackageImage("localhost/a", List.of("tool")))
                .hasMessageContaining("is no full name of an image");
    }

    private void owns(String... paths) {
        owned = List.of(paths).stream().map(root::resolve).toList();
    }

    /** What the layer holds below the small machine's root. */
    private Set<String> paths() throws Exception {
        PackageSource source = new PackageSource() {
            @Override
            public List<Path> paths(String packageName) {
                return owned;
            }

            @Override
            public List<Path> libraries(Path program) {
                asked.add(program);
                return program.endsWith("program") ? List.of(root.resolve("usr/lib/libone.so.1")) : List.of();
            }
        };
        new PackageFiles(source, layer).add("tool");
        String prefix = root.toString().substring(1) + "/";
        return layer.paths().stream()
                .filter(path -> path.startsWith(prefix))
                .map(path -> path.substring(prefix.length()))
                .collect(Collectors.toSet());
    }
}
