// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class FlagsTest {
    private static Flags parse(String... words) {
        return Flags.parse(
                FlagSpec.parseAll(
                        "stdin,i:b=false tty,t:b=false output,o:s= tail:i=-1 label,l:l= env:a= set-image:m= dry-run:s?unchanged=none"),
                List.of(words),
                "kubectl x",
                true);
    }

    @Test
    void takesBundledShortFlagsAndFlagsBehindArguments() {
        Flags flags = parse("pod", "-it", "-oyaml", "--tail=5", "--", "ls", "-l");

        assertThat(flags.is("stdin")).isTrue();
        assertThat(flags.is("tty")).isTrue();
        assertThat(flags.text("output")).isEqualTo("yaml");
        assertThat(flags.number("tail")).isEqualTo(5);
        assertThat(flags.arguments()).containsExactly("pod", "ls", "-l");
        assertThat(flags.argumentsBeforeDash()).isEqualTo(1);
    }

    @Test
    void splitsListsAtCommasButNotArrays() {
        Flags flags = parse("-l", "a,b", "-l=c", "--env=A=1,2", "--dry-run");

        assertThat(flags.list("label")).containsExactly("a", "b", "c");
        assertThat(flags.list("env")).containsExactly("A=1,2");
        assertThat(flags.text("dry-run")).isEqualTo("unchanged");
    }

    @Test
    void takesPairsSplitAtCommasUnlessTheValueIsOnePair() {
        Flags flags = parse("--set-image=a=1,b=2", "--set-image", "c=x,y", "--set-image=a=3");

        assertThat(flags.pairs("set-image")).containsExactly(entry("a", "3"), entry("b", "2"), entry("c", "x,y"));
        assertThat(parse().pairs("set-image")).isEmpty();
        assertThatThrownBy(() -> parse("--set-image=a"))
                .hasMessageContaining(
                        "invalid argument \"a\" for \"--set-image\" flag: a must be formatted as key=value");
        assertThatThrownBy(() -> parse("--set-image=a=1,b=2,c"))
                .hasMessageContaining("flag: c must be formatted as key=value");
    }

    @Test
    void complainsAsUpstream() {
        assertThatThrownBy(() -> parse("--foo"))
                .hasMessage("error: unknown flag: --foo\nSee 'kubectl x --help' for usage.");
        assertThatThrownBy(() -> parse("--tail=x"))
                .hasMessageContaining("invalid argument \"x\" for \"--tail\" flag: strconv.ParseInt");
        assertThatThrownBy(() -> parse("-o")).hasMessageContaining("flag needs an argument: 'o' in -o");
    }

    @Test
    void showsAgesInTwoUnitsAtMost() {
        assertThat(Durations.human(Duration.ofSeconds(119))).isEqualTo("119s");
        assertThat(Durations.human(Duration.ofSeconds(150))).isEqualTo("2m30s");
        assertThat(Durations.human(Duration.ofHours(7).plusMinutes(5))).isEqualTo("7h5m");
        assertThat(Durations.human(Duration.ofDays(3))).isEqualTo("3d");
        assertThat(Durations.human(Duration.ofDays(400))).isEqualTo("400d");
        assertThat(Durations.human(Duration.ofDays(800))).isEqualTo("2y70d");
    }
}
