// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.mizzen.e2e.cluster.Cluster;
import io.mizzen.e2e.cluster.Command;
import io.mizzen.e2e.cluster.Kubectl;
import io.mizzen.e2e.cluster.KubectlPrograms;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What streams between a person and a container, with every kubectl: terminals, attached input, copies, forwarded ports, debugging. */
class StreamingIT {
    private static Cluster cluster;

    @TempDir
    private static Path folder;

    @BeforeAll
    static void startsAClusterWithAPod() {
        cluster = Cluster.start(StreamingIT.class);
        cluster.kubectl().apply(BOX.formatted(Cluster.IMAGE));
        cluster.kubectl().ok("wait", "--for=condition=Ready", "pod/box", "pod/echo", "--timeout=60s");
    }

    @AfterAll
    static void removesTheCluster() throws Exception {
        cluster.close();
    }

    static Stream<Arguments> everyKubectl() {
        return KubectlPrograms.all().entrySet().stream().map(each -> Arguments.of(each.getKey(), each.getValue()));
    }

    private static Kubectl kubectl(String name, Path program) {
        return cluster.kubectl().with(name, program);
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void aTerminalFollowsItsWindowAndEndsWithTheExitCode(String name, Path program) {
        // A program starts before its terminal's first size arrives.
        String inside = "seen() { until [ \"$(stty size 2>&1)\" = \"$1\" ]; do sleep 0.1; done; echo saw $1; };"
                + " seen \"50 120\"; seen \"33 77\"; exit 7";
        String exec = String.join(" ", kubectl(name, program).commandLine("exec", "-it", "box", "--", "sh", "-c"));
        String session =
                "stty rows 50 cols 120; (sleep 3; stty rows 33 cols 77 </dev/tty) & " + exec + " '" + inside + "'";

        Command done = Command.run(
                "",
                environment(),
                List.of("timeout", "60", "script", "--quiet", "--return", "--command", session, "/dev/null"));

        assertThat(done.out()).containsSubsequence("saw 50 120", "saw 33 77");
        assertThat(done.exitCode()).isEqualTo(7);
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void whatIsTypedIntoAnAttachedContainerIsAnswered(String name, Path program) {
        String attach = String.join(" ", kubectl(name, program).commandLine("attach", "-i", "echo"));

        Command done = Command.run(
                "",
                environment(),
                List.of("sh", "-c", "(sleep 1; echo from-" + name + "; sleep 2) | timeout 20 " + attach));

        assertThat(done.out()).contains("got from-" + name);
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void copiesBigFilesByteForByte(String name, Path program) throws IOException {
        byte[] content = new byte[100_000_000];
        new Random(1).nextBytes(content);
        Path there = Files.write(folder.resolve("there-" + name), content);
        Path back = folder.resolve("back-" + name);
        Kubectl kubectl = kubectl(name, program);

        kubectl.ok("cp", there.toString(), "box:/tmp/copy");
        kubectl.ok("cp", "box:/tmp/copy", back.toString());

        assertThat(Files.mismatch(there, back)).isEqualTo(-1);
        kubectl.ok("exec", "box", "--", "rm", "/tmp/copy");
        Files.delete(there);
        Files.delete(back);
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void forwardsAPortToAPod(String name, Path program) throws Exception {
        Path output = folder.resolve("forward-" + name);
        ProcessBuilder builder =
                new ProcessBuilder(kubectl(name, program).commandLine("port-forward", "pod/box", ":8080"));
        builder.environment().putAll(environment());
        Process forward = builder.redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            Kubectl.within(Duration.ofSeconds(20))
                    .until(() -> Files.readString(output).contains("Forwarding from 127.0.0.1:"));
            String port = Files.readString(output).replaceAll("(?s).*?127\\.0\\.0\\.1:(\\d+) .*", "$1");
            for (int request = 0; request < 3; request++) {
                assertThat(inTheNetwork("curl", "-s", "-m", "10", "http://127.0.0.1:" + port + "/")
                                .out())
                        .as(Files.readString(output))
                        .isEqualTo("hello from a pod\n");
            }
        } finally {
            forward.destroy();
            assertThat(forward.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void followsALogToItsEnd(String name, Path program) throws Exception {
        Kubectl kubectl = kubectl(name, program);
        String pod = "talker-" + name.replace('.', '-');
        String talk = "echo one; until [ -e /go ]; do sleep 0.1; done; echo two";
        kubectl.ok("run", pod, "--image=" + Cluster.IMAGE, "--restart=Never", "--", "sh", "-c", talk);
        kubectl.ok("wait", "--for=condition=Ready", "pod/" + pod, "--timeout=30s");
        Path output = folder.resolve("log-" + name);
        ProcessBuilder builder = new ProcessBuilder(kubectl.commandLine("logs", "--follow", pod));
        builder.environment().putAll(environment());
        Process follow = builder.redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            Kubectl.within(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(output).hasContent("one\n"));
            kubectl.ok("exec", pod, "--", "touch", "/go");

            assertThat(follow.waitFor(20, TimeUnit.SECONDS))
                    .as("ends with its container")
                    .isTrue();
            assertThat(follow.exitValue()).isZero();
            assertThat(output).hasContent("one\ntwo\n");
        } finally {
            follow.destroy();
        }
        assertThat(kubectl.ok("logs", pod, "--tail=1")).isEqualTo("two\n");
        assertThat(kubectl.ok("logs", pod, "--timestamps", "--since=1h"))
                .matches("(20[0-9T:.+-]+Z one\n)(20[0-9T:.+-]+Z two\n)");
        assertThat(kubectl.ok("logs", pod, "--limit-bytes=2")).isEqualTo("on");
        assertThat(kubectl.ok("logs", "-l", "run=" + pod, "--prefix", "--all-containers"))
                .isEqualTo("[pod/%1$s/%1$s] one\n[pod/%1$s/%1$s] two\n".formatted(pod));
        kubectl.ok("delete", "pod", pod, "--wait=false");
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void aDebuggingContainerSeesTheProcessesOfItsTarget(String name, Path program) throws Exception {
        String seen = shell(name, program, "ps", "box", "--target=main");

        assertThat(seen).contains("httpd -f -p 8080");
    }

    @ParameterizedTest(name = "kubectl {0}")
    @MethodSource("everyKubectl")
    void aDebuggingPodSeesItsNode(String name, Path program) throws Exception {
        String process = "/proc/" + cluster.serverPid();

        String seen = shell(name, program, "ls -d /host/etc " + process, "node/" + Cluster.NODE);

        assertThat(seen.lines()).contains("/host/etc", process);
    }

    /**
     * What a shell in a debugging container answers. It is heard out before it is told to end, and the input stays open until
     * then, since its end would detach: containerd drops what of the output is still on its way when a container ends.
     */
    private static String shell(String name, Path program, String command, String... arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of("debug"));
        words.addAll(List.of(arguments));
        words.addAll(List.of("-iq", "--profile=general", "--image=" + Cluster.IMAGE, "--", "sh"));
        Path output = folder.resolve("debug-" + name);
        ProcessBuilder builder = new ProcessBuilder(kubectl(name, program).commandLine(words.toArray(String[]::new)));
        builder.environment().putAll(environment());
        Process debug = builder.redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            type(debug, command + "; echo done\n");
            Kubectl.within(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(output).content().endsWith("done\n"));
            type(debug, "exit\n");
            assertThat(debug.waitFor(30, TimeUnit.SECONDS)).isTrue();
        } finally {
            debug.destroyForcibly();
        }
        return Files.readString(output);
    }

    private static void type(Process program, String input) throws IOException {
        program.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
        program.getOutputStream().flush();
    }

    @Test
    void copiesForDebuggingAreTheSameAsUpstreams() {
        List<String> specs = new ArrayList<>();
        for (Map.Entry<String, Path> each : Map.of("own", KubectlPrograms.own(), "1.36", KubectlPrograms.upstream(36))
                .entrySet()) {
            String copy = "copy-" + each.getKey();
            kubectl(each.getKey(), each.getValue())
                    .ok(
                            "debug",
                            "box",
                            "-q",
                            "--copy-to=" + copy,
                            "--same-node",
                            "--container=debugger",
                            "--image=" + Cluster.IMAGE,
                            "--env=A=1",
                            "--",
                            "sleep",
                            "3600");
            specs.add(cluster.kubectl().ok("get", "pod", copy, "-o", "jsonpath={.spec}"));
            cluster.kubectl().ok("delete", "pod", copy, "--now", "--wait=false");
        }

        assertThat(specs.getFirst())
                .contains("SYS_PTRACE", "shareProcessNamespace")
                .isEqualTo(specs.getLast());
    }

    private static Command inTheNetwork(String... words) {
        List<String> command = new ArrayList<>(cluster.network().enter());
        command.addAll(List.of(words));
        return Command.run("", Map.of(), command);
    }

    private static Map<String, String> environment() {
        Kubectl kubectl = cluster.kubectl();
        return Map.of("KUBECONFIG", kubectl.kubeconfig().toString(), "HOME", folder.toString());
    }

    private static final String BOX = """
            apiVersion: v1
            kind: Pod
            metadata: {name: box}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
              - name: main
                image: %1$s
                command: [sh, -c, "mkdir /www; echo hello from a pod >/www/index.html; exec httpd -f -p 8080 -h /www"]
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: echo}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
              - name: main
                image: %1$s
                stdin: true
                command: [sh, -c, 'while read x; do echo "got $x"; done; exec sleep 3600']
            """;
}
