// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.DryRun;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.command.target.Targets;
import io.mizzen.kubectl.rest.StatusFailure;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.List;

/** {@code kubectl delete}: by name, by manifest or by selector, and waits until the objects are gone. */
public final class Delete extends Command {
    @Override
    public String flags() {
        return "all:b=false all-namespaces,A:b=false cascade:s?background=background field-selector:s= force:b=false"
                + " grace-period:i=-1 ignore-not-found:b=false interactive,i:b=false now:b=false output,o:s= raw:s="
                + " selector,l:s= timeout:d=0s wait:b=true" + FILES + DRY_RUN;
    }

    @Override
    public String synopsis() {
        return "([-f FILENAME] | TYPE [(NAME | -l label | --all)])";
    }

    private record Deleted(Target target, String uid) {}

    @Override
    public int run(Invocation call) {
        Flags flags = call.flags();
        if (flags.changed("raw")) {
            byte[] answer = call.connection().raw("DELETE", flags.text("raw"), null);
            call.io().out().write(answer, 0, answer.length);
            return 0;
        }
        if (!flags.text("output").isEmpty() && !flags.text("output").equals("name")) {
            throw CommandFailure.error(
                    "unexpected -o output mode: " + flags.text("output") + ". We only support '-o name'");
        }
        Failures failures = new Failures(call.io());
        Targets targets = new Targets(call, failures);
        if (call.arguments().isEmpty() && !targets.fromFiles()) {
            throw CommandFailure.error("You must provide one or more resources by argument or filename.\n"
                    + "Example resource specifications include:\n"
                    + "   '-f rsrc.yaml'\n"
                    + "   '--filename=rsrc.json'\n"
                    + "   '<resource> <name>'\n"
                    + "   '<resource>'");
        }
        if (flags.is("all") && !flags.text("selector").isEmpty()) {
            throw CommandFailure.error("setting 'all' parameter but found a non empty selector. ");
        }
        Deletion deletion = Deletion.of(call);
        warnForced(call);
        List<Target> all = find(call, targets, failures);
        if (all.isEmpty() && failures.exitCode() == 0) {
            if (!targets.fromFiles() && !flags.is("ignore-not-found")) {
                call.io().line("No resources found");
            }
            return 0;
        }
        if (flags.is("interactive") && !confirmed(call, all)) {
            call.io().line("deletion is cancelled");
            return 0;
        }
        List<Deleted> deleted = new ArrayList<>();
        for (Target target : all) {
            failures.attempt(() -> delete(call, deletion, target, deleted));
        }
        if (flags.is("wait") && call.dryRun() == DryRun.NONE) {
            for (Deleted one : deleted) {
                failures.attempt(() -> deletion.awaitGone(one.target(), one.uid()));
            }
        }
        return failures.exitCode();
    }

    private static void warnForced(Invocation call) {
        Flags flags = call.flags();
        if (flags.is("force") && (!flags.changed("grace-period") || flags.number("grace-period") <= 0)) {
            call.io()
                    .errorLine(
                            "Warning: Immediate deletion does not wait for confirmation that the running resource has been"
                                    + " terminated. The resource may continue to run on the cluster indefinitely.");
        }
    }

    private static boolean confirmed(Invocation call, List<Target> all) {
        call.io().line("You are about to delete the following " + all.size() + " resource(s):");
        for (Target target : all) {
            call.io().line(target.shown());
        }
        call.io().out().print("Do you want to continue? [y/N]: ");
        call.io().out().flush();
        try {
            int answer = call.io().in().read();
            return answer == 'y' || answer == 'Y';
        } catch (java.io.IOException e) {
            return false;
        }
    }

    private static List<Target> find(Invocation call, Targets targets, Failures failures) {
        if (targets.fromFiles()) {
            return targets.documents();
        }
        Flags flags = call.flags();
        List<Target> all = new ArrayList<>();
        boolean selects = flags.is("all")
                || !flags.text("selector").isEmpty()
                || !flags.text("field-selector").isEmpty();
        for (Targets.Wanted wanted : targets.wanted(call.arguments())) {
            switch (wanted) {
                case Targets.Named named -> {
                    if (flags.is("all")) {
                        throw CommandFailure.error("name cannot be provided when a selector is specified");
                    }
                    all.add(new Target(named.type(), named.namespace(), named.name(), MissingNode.getInstance(), ""));
                }
                case Targets.Listed listed -> {
                    if (!selects) {
                        throw CommandFailure.error("resource(s) were provided, but no name was specified");
                    }
                    failures.attempt(() -> {
                        for (JsonNode item : targets.list(listed).path("items")) {
                            all.add(new Target(listed.type(), Json.namespace(item), Json.name(item), item, ""));
                        }
                    });
                }
            }
        }
        return all;
    }

    private static void delete(Invocation call, Deletion deletion, Target target, List<Deleted> deleted) {
        Flags flags = call.flags();
        String uid = "";
        if (call.dryRun() != DryRun.CLIENT) {
            try {
                uid = deletion.delete(target);
            } catch (StatusFailure e) {
                if (e.reason().equals("NotFound") && flags.is("ignore-not-found")) {
                    return;
                }
                throw target.source().isEmpty()
                                || e.reason().equals("NotFound")
                                        && target.source().isEmpty()
                        ? e
                        : e.during("deleting", target.source());
            }
        }
        deleted.add(new Deleted(target, uid));
        if (flags.text("output").equals("name")) {
            call.io().line(target.shown());
            return;
        }
        boolean immediate = flags.is("force") && (!flags.changed("grace-period") || flags.number("grace-period") <= 0);
        String verb = immediate ? "force deleted" : "deleted";
        String where = target.namespace().isEmpty() ? "" : " from " + target.namespace() + " namespace";
        call.io()
                .line(target.type().shown() + " \"" + target.name() + "\" " + verb + where
                        + call.dryRun().suffix());
    }
}
