// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.flag;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlagSetTest {
    private static final FlagSet FLAGS = new FlagSet(List.of(
            Flag.value("data-dir", "DIR", "/var/lib/mizzen", "Folder"),
            Flag.value("https-listen-port", "PORT", "6443", "Port"),
            Flag.value("etcd-endpoints", "URL,…", "", "Servers"),
            Flag.toggle("leader-elect", "Election")));

    @TempDir
    Path folder;

    @Test
    void takesBothFormsAndDefaults() {
        FlagValues values = FLAGS.parse(List.of("--data-dir", "/a", "--https-listen-port=7443", "--leader-elect"));

        assertThat(values.path("data-dir")).isEqualTo(Path.of("/a"));
        assertThat(values.port("https-listen-port")).isEqualTo(7443);
        assertThat(values.isOn("leader-elect")).isTrue();
        assertThat(values.list("etcd-endpoints")).isEmpty();
    }

    @Test
    void theCommandLineOverridesTheSettingsFile() throws Exception {
        Path config = Files.writeString(folder.resolve("c.yaml"), """
                data-dir: /from-file
                https-listen-port: 7000
                etcd-endpoints: [https://a:2379, https://b:2379]
                """);

        FlagValues values = FLAGS.parse(List.of("--https-listen-port", "8000", "--config", config.toString()));

        assertThat(values.text("data-dir")).isEqualTo("/from-file");
        assertThat(values.port("https-listen-port")).isEqualTo(8000);
        assertThat(values.list("etcd-endpoints")).containsExactly("https://a:2379", "https://b:2379");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--data-dri /a|unknown flag --data-dri, did you mean --data-dir?",
                "--data-dir|flag --data-dir needs a value",
                "start|unexpected argument \"start\"",
                "--leader-elect=maybe|flag --leader-elect is true or false, not \"maybe\"",
                "--config /no/such/settings.yaml|settings file /no/such/settings.yaml does not exist",
            })
    void saysWhatIsWrong(String arguments, String message) {
        assertThatThrownBy(() -> FLAGS.parse(List.of(arguments.split(" "))))
                .isInstanceOf(FlagException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "dta-dir: /a|unknown settings file FILE: key dta-dir, did you mean --data-dir?",
                "- a|settings file FILE must be a map of flag names to values",
                "data-dir: {a: b}|settings file FILE: data-dir must be a value or a list of values",
            })
    void saysWhatIsWrongInTheSettingsFile(String text, String message) throws Exception {
        Path config = Files.writeString(folder.resolve("c.yaml"), text);

        assertThatThrownBy(() -> FLAGS.parse(List.of("--config=" + config)))
                .isInstanceOf(FlagException.class)
                .hasMessage(message.replace("FILE", config.toString()));
    }

    @Test
    void refusesAPortOutOfRange() {
        FlagValues values = FLAGS.parse(List.of("--https-listen-port", "70000"));

        assertThatThrownBy(() -> values.port("https-listen-port"))
                .hasMessage("flag --https-listen-port must be a number from 1 to 65535, not \"70000\"");
    }
}
