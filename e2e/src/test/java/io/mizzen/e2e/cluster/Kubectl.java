// SPDX-License-Identifier: Apache-2.0
package io.mizzen.e2e.cluster;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;

/**
 * A kubectl, pointed at a cluster and a namespace.
 *
 * @param name which one, for messages
 * @param program path of the program
 * @param network where it runs
 * @param kubeconfig of the admin
 * @param namespace default namespace
 */
public record Kubectl(String name, Path program, NetworkNamespace network, Path kubeconfig, String namespace) {

    /** The same in another namespace. */
    public Kubectl in(String otherNamespace) {
        return new Kubectl(name, program, network, kubeconfig, otherNamespace);
    }

    /** The same with another program. */
    public Kubectl with(String otherName, Path otherProgram) {
        return new Kubectl(otherName, otherProgram, network, kubeconfig, namespace);
    }

    /** Runs it, whatever comes out. */
    public Command run(String... arguments) {
        return runWithInput("", arguments);
    }

    /** Runs it with something on its standard input. */
    public Command runWithInput(String input, String... arguments) {
        return Command.run(input, environment(""), commandLine(arguments));
    }

    /** Runs it with a shell command as its editor; it must succeed; its standard output. */
    public String edit(String editor, String... arguments) {
        return Command.run("", environment(editor), commandLine(arguments))
                .requireOk()
                .out();
    }

    private Map<String, String> environment(String editor) {
        return Map.of(
                "KUBECONFIG",
                kubeconfig.toString(),
                "HOME",
                String.valueOf(kubeconfig.getParent()),
                "KUBE_EDITOR",
                editor);
    }

    /** The whole command line, to start it in the background. */
    public List<String> commandLine(String... arguments) {
        List<String> command = new ArrayList<>(network.enter());
        command.add(program.toString());
        command.addAll(List.of("--namespace", namespace));
        command.addAll(Arrays.asList(arguments));
        return command;
    }

    /** Runs it, it must succeed; its standard output. */
    public String ok(String... arguments) {
        return run(arguments).requireOk().out();
    }

    /** Runs it, it must fail; its standard error. */
    public String fails(String... arguments) {
        Command done = run(arguments);
        if (done.exitCode() == 0) {
            throw new AssertionError(name + " " + String.join(" ", arguments) + " should fail, but: " + done.out());
        }
        return done.err();
    }

    /** Applies manifests. */
    public String apply(String yaml) {
        return runWithInput(yaml, "apply", "-f", "-").requireOk().out();
    }

    /** What a JSONPath finds in an object; empty when the object is not there. */
    public String find(String object, String path) {
        return run("get", object, "-o", "jsonpath={" + path + "}").out();
    }

    /** Waits, at most that long, for something that is looked at through kubectl. */
    public static ConditionFactory within(Duration time) {
        return Awaitility.await()
                .atMost(time)
                .pollInterval(Duration.ofMillis(250))
                .pollInSameThread();
    }
}
