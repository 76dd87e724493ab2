// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.Report;
import io.mizzen.kubectl.print.TabWriter;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** {@code kubectl auth can-i} and {@code kubectl auth whoami}. */
public final class Auth {
    private static final String GROUP = "authorization.k8s.io/v1";

    private Auth() {}

    /** {@code auth can-i}. */
    public static final class CanI extends Command {
        @Override
        public String flags() {
            return "all-namespaces,A:b=false list:b=false no-headers:b=false quiet,q:b=false subresource:s=";
        }

        @Override
        public String synopsis() {
            return "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]";
        }

        @Override
        public int run(Invocation call) {
            Flags flags = call.flags();
            if (flags.is("list")) {
                list(call);
                return 0;
            }
            List<String> words = call.arguments();
            if (words.size() < 2 || words.size() > 3) {
                throw new CommandFailure(
                        1,
                        "error: you must specify two arguments: verb resource or verb resource/resourceName.\n"
                                + "See 'kubectl auth can-i -h' for help and examples.");
            }
            ObjectNode review = Json.object();
            review.put("kind", "SelfSubjectAccessReview").put("apiVersion", GROUP);
            review.putObject("metadata");
            ObjectNode spec = review.putObject("spec");
            if (words.get(1).startsWith("/")) {
                spec.putObject("nonResourceAttributes")
                        .put("path", words.get(1))
                        .put("verb", words.get(0));
            } else {
                resource(call, words, spec.putObject("resourceAttributes"));
            }
            JsonNode status = call.connection()
                    .post("/apis/" + GROUP + "/selfsubjectaccessreviews", review)
                    .path("status");
            boolean allowed = status.path("allowed").asBoolean(false);
            if (!flags.is("quiet")) {
                call.io().line(allowed ? "yes" : "no" + reason(status));
            }
            return allowed ? 0 : 1;
        }

        private static String reason(JsonNode status) {
            String reason = Json.text(status, "reason");
            String error = Json.text(status, "evaluationError");
            return (reason.isEmpty() ? "" : " - " + reason) + (error.isEmpty() ? "" : " - " + error);
        }

        private static void resource(Invocation call, List<String> words, ObjectNode attributes) {
            String word = words.get(1);
            String name = words.size() > 2 ? words.get(2) : "";
            int slash = word.indexOf('/');
            if (slash > 0) {
                name = word.substring(slash + 1);
                word = word.substring(0, slash);
            }
            String group = "";
            String plural = word;
            boolean namespaced = true;
            if (!word.equals("*")) {
                Optional<ResourceType> type = call.mapper().optional(word);
                if (type.isPresent()) {
                    group = type.get().group();
                    plural = type.get().plural();
                    namespaced = type.get().namespaced();
                    if (!namespaced && !call.flags().is("all-namespaces")) {
                        call.io()
                                .errorLine("Warning: resource '" + plural + "' is not namespace scoped"
                                        + (group.isEmpty() ? "" : " in group '" + group + "'") + "\n");
                    }
                } else {
                    call.io().errorLine("Warning: the server doesn't have a resource type '" + word + "'\n");
                }
            }
            if (!call.flags().is("all-namespaces") && namespaced) {
                attributes.put("namespace", call.namespace());
            }
            attributes.put("verb", words.getFirst());
            put(attributes, "group", group);
            attributes.put("resource", plural);
            put(attributes, "subresource", call.flags().text("subresource"));
            put(attributes, "name", name);
        }

        private static void put(ObjectNode attributes, String field, String value) {
            if (!value.isEmpty()) {
                attributes.put(field, value);
            }
        }

        private static void list(Invocation call) {
            ObjectNode review = Json.object();
            review.put("kind", "SelfSubjectRulesReview").put("apiVersion", GROUP);
            review.putObject("metadata");
            review.putObject("spec").put("namespace", call.namespace());
            JsonNode status = call.connection()
                    .post("/apis/" + GROUP + "/selfsubjectrulesreviews", review)
                    .path("status");
            TabWriter writer = TabWriter.forTables();
            if (!call.flags().is("no-headers")) {
                writer.write("Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
            }
            Map<String, List<String>> rows = new TreeMap<>();
            for (JsonNode rule : status.path("resourceRules")) {
                for (JsonNode resource : rule.path("resources")) {
                    for (JsonNode group : rule.path("apiGroups")) {
                        String shown = resource.asText() + (group.asText().isEmpty() ? "" : "." + group.asText());
                        rows.computeIfAbsent(
                                        shown + "\t[]\t" + texts(rule.path("resourceNames")), _ -> new ArrayList<>())
                                .add(inner(rule.path("verbs")));
                    }
                }
            }
            rows.forEach((row, verbs) -> writer.write(row + "\t[" + String.join(" ", verbs) + "]\n"));
            for (JsonNode rule : status.path("nonResourceRules")) {
                for (JsonNode url : rule.path("nonResourceURLs")) {
                    writer.write("\t[" + url.asText() + "]\t[]\t" + texts(rule.path("verbs")) + "\n");
                }
            }
            call.io().out().print(writer.flush());
        }

        private static String inner(JsonNode list) {
            List<String> texts = new ArrayList<>();
            list.forEach(one -> texts.add(one.asText()));
            return String.join(" ", texts);
        }

        private static String texts(JsonNode list) {
            return "[" + inner(list) + "]";
        }
    }

    /** {@code auth whoami}. */
    public static final class WhoAmI extends Command {
        @Override
        public String flags() {
            return PRINT;
        }

        @Override
        public String synopsis() {
            return "";
        }

        @Override
        public int run(Invocation call) {
            ObjectNode review = Json.object();
            review.put("kind", "SelfSubjectReview").put("apiVersion", "authentication.k8s.io/v1");
            review.putObject("metadata");
            JsonNode answer = call.connection().post("/apis/authentication.k8s.io/v1/selfsubjectreviews", review);
            Report report = new Report(call, false);
            if (!report.isHuman()) {
                report.done("selfsubjectreview.authentication.k8s.io/", "", answer);
                return 0;
            }
            JsonNode user = answer.path("status").path("userInfo");
            TabWriter writer = TabWriter.forTables();
            writer.write("ATTRIBUTE\tVALUE\n");
            writer.write("Username\t" + Json.text(user, "username") + "\n");
            if (!Json.text(user, "uid").isEmpty()) {
                writer.write("UID\t" + Json.text(user, "uid") + "\n");
            }
            if (!user.path("groups").isEmpty()) {
                writer.write("Groups\t" + CanI.texts(user.path("groups")) + "\n");
            }
            for (String key : Json.sortedKeys(user.path("extra"))) {
                writer.write(
                        "Extra: " + key + "\t" + CanI.texts(user.path("extra").path(key)) + "\n");
            }
            call.io().out().print(writer.flush());
            return 0;
        }
    }
}
