// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.set;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.tree.Json;
import java.util.List;

/** {@code kubectl set serviceaccount|selector|subject}. */
public final class SetOthers {
    private SetOthers() {}

    /** {@code set serviceaccount}. */
    public static final class ServiceAccount extends SetCommand {
        private String account = "";

        @Override
        public String flags() {
            return COMMON;
        }

        @Override
        public String synopsis() {
            return "(-f FILENAME | TYPE NAME) SERVICE_ACCOUNT";
        }

        @Override
        List<String> prepare(Invocation call) {
            List<String> arguments = call.arguments();
            if (arguments.isEmpty()) {
                throw CommandFailure.error("serviceaccount is required");
            }
            account = arguments.getLast();
            return arguments.subList(0, arguments.size() - 1);
        }

        @Override
        boolean change(Invocation call, Target target, ObjectNode object) {
            if (!(podSpec(object) instanceof ObjectNode spec)) {
                return false;
            }
            spec.put("serviceAccountName", account);
            if (spec.has("serviceAccount")) {
                spec.put("serviceAccount", account);
            }
            return true;
        }

        @Override
        String done() {
            return "serviceaccount updated";
        }
    }

    /** {@code set selector}. */
    public static final class Selector extends SetCommand {
        private String selector = "";

        @Override
        public String flags() {
            return "resource-version:s=" + COMMON;
        }

        @Override
        public String synopsis() {
            return "(-f FILENAME | TYPE NAME) EXPRESSIONS [--resource-version=version]";
        }

        @Override
        List<String> prepare(Invocation call) {
            List<String> arguments = call.arguments();
            if (arguments.isEmpty() || arguments.getLast().indexOf('=') < 0) {
                throw CommandFailure.error("selector is required");
            }
            selector = arguments.getLast();
            return arguments.subList(0, arguments.size() - 1);
        }

        @Override
        boolean change(Invocation call, Target target, ObjectNode object) {
            if (!target.type().qualified().equals("services")) {
                throw CommandFailure.error("setting a selector is only supported for Services");
            }
            ObjectNode map = Json.object();
            for (String pair : selector.split(",")) {
                int equals = pair.indexOf('=');
                map.put(pair.substring(0, equals), pair.substring(equals + 1));
            }
            Json.child(object, "spec").set("selector", map);
            return true;
        }

        @Override
        String done() {
            return "selector updated";
        }
    }

    /** {@code set subject}. */
    public static final class Subject extends SetCommand {
        @Override
        public String flags() {
            return "group:l= serviceaccount:l= user:l=" + COMMON;
        }

        @Override
        public String synopsis() {
            return "(-f FILENAME | TYPE NAME) [--user=username] [--group=groupname]"
                    + " [--serviceaccount=namespace:serviceaccountname]";
        }

        @Override
        List<String> prepare(Invocation call) {
            Flags flags = call.flags();
            if (flags.list("user").isEmpty()
                    && flags.list("group").isEmpty()
                    && flags.list("serviceaccount").isEmpty()) {
                throw CommandFailure.error("you must specify at least one value of user, group or serviceaccount");
            }
            return call.arguments();
        }

        @Override
        boolean change(Invocation call, Target target, ObjectNode object) {
            Flags flags = call.flags();
            ArrayNode subjects =
                    object.path("subjects") instanceof ArrayNode there ? there : object.putArray("subjects");
            for (String kind : List.of("User", "Group")) {
                for (String name : flags.list(kind.toLowerCase(java.util.Locale.ROOT))) {
                    ObjectNode subject = Json.object();
                    subject.put("apiGroup", "rbac.authorization.k8s.io")
                            .put("kind", kind)
                            .put("name", name);
                    add(subjects, subject);
                }
            }
            for (String account : flags.list("serviceaccount")) {
                int colon = account.indexOf(':');
                if (colon <= 0) {
                    throw CommandFailure.error("serviceaccount must be <namespace>:<name>");
                }
                ObjectNode subject = Json.object();
                subject.put("kind", "ServiceAccount").put("name", account.substring(colon + 1));
                subject.put("namespace", account.substring(0, colon));
                add(subjects, subject);
            }
            return true;
        }

        private static void add(ArrayNode subjects, ObjectNode subject) {
            for (JsonNode there : subjects) {
                if (Json.text(there, "kind").equals(Json.text(subject, "kind"))
                        && Json.text(there, "name").equals(Json.text(subject, "name"))
                        && Json.text(there, "namespace").equals(Json.text(subject, "namespace"))) {
                    return;
                }
            }
            subjects.add(subject);
        }

        @Override
        String done() {
            return "subjects updated";
        }
    }
}
