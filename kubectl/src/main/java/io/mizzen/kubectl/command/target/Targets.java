// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.target;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Failures;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.rest.Connection;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.tree.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which objects a call means: from manifests, from {@code kind/name} and {@code kind name…}, or from a kind with a selector. One thread.
 */
public final class Targets {
    /** What the arguments ask for, before the server is asked. */
    public sealed interface Wanted {
        /** Its resource. */
        ResourceType type();
    }

    /** One object by name. */
    public record Named(ResourceType type, String namespace, String name) implements Wanted {}

    /** All objects of a kind that the selectors let through. */
    public record Listed(ResourceType type, String namespace) implements Wanted {}

    private final Invocation call;
    private final Flags flags;
    private final Failures failures;

    /** Failures of single objects go to {@code failures}; the others are still found. */
    public Targets(Invocation call, Failures failures) {
        this.call = call;
        this.flags = call.flags();
        this.failures = failures;
    }

    /** Whether manifests are named. */
    public boolean fromFiles() {
        return !flags.list("filename").isEmpty() || !flags.text("kustomize").isEmpty();
    }

    /** The namespace that lists look in; empty for all. */
    public String listNamespace() {
        return flags.is("all-namespaces") ? "" : call.namespace();
    }

    /** The objects of the manifests, each with its resource and namespace. */
    public List<Target> documents() {
        if (!flags.text("kustomize").isEmpty()) {
            throw CommandFailure.error("kustomizations are not supported by this kubectl");
        }
        List<Target> targets = new ArrayList<>();
        for (Manifests.Document document :
                Manifests.read(flags.list("filename"), flags.is("recursive"), call.io(), failures::add)) {
            failures.attempt(() -> {
                Target target = document(document);
                String selector = flags.text("selector");
                if (selector.isEmpty() || Selectors.matches(selector, target.object())) {
                    targets.add(target);
                }
            });
        }
        return targets;
    }

    private Target document(Manifests.Document document) {
        ObjectNode object = document.object();
        String apiVersion = Json.text(object, "apiVersion");
        String kind = Json.text(object, "kind");
        if (apiVersion.isEmpty() || kind.isEmpty()) {
            String what = apiVersion.isEmpty() && kind.isEmpty()
                    ? "[apiVersion not set, kind not set]"
                    : apiVersion.isEmpty() ? "apiVersion not set" : "kind not set";
            throw CommandFailure.error("error validating \"" + document.source() + "\": error validating data: " + what
                    + "; if you choose to ignore these errors, turn validation off with --validate=false");
        }
        ResourceType type = typeOf(apiVersion, kind)
                .orElseThrow(() -> CommandFailure.error("resource mapping not found for name: \"" + Json.name(object)
                        + "\" namespace: \"" + Json.namespace(object) + "\" from \"" + document.source()
                        + "\": no matches for kind \"" + kind + "\" in version \"" + apiVersion
                        + "\"\nensure CRDs are installed first"));
        return new Target(type, namespaceOf(object, type), Json.name(object), object, document.source());
    }

    private Optional<ResourceType> typeOf(String apiVersion, String kind) {
        return flags.is("local")
                ? BuiltInTypes.kind(apiVersion, kind)
                : call.mapper().kind(apiVersion, kind);
    }

    private String namespaceOf(ObjectNode object, ResourceType type) {
        if (!type.namespaced()) {
            return "";
        }
        String own = Json.namespace(object);
        if (own.isEmpty() && flags.is("local")) {
            return "";
        }
        if (own.isEmpty()) {
            Json.child(object, "metadata").put("namespace", call.namespace());
            return call.namespace();
        }
        if (call.settings().namespaceGiven() && !own.equals(call.namespace())) {
            throw otherNamespace(own, call.namespace());
        }
        return own;
    }

    /** An object that says it lives in {@code own}, where {@code wanted} is meant. */
    public static CommandFailure otherNamespace(String own, String wanted) {
        return CommandFailure.error("the namespace from the provided object \"" + own
                + "\" does not match the namespace \"" + wanted + "\". You must pass '--namespace=" + own
                + "' to perform this operation.");
    }

    /** What {@code arguments} ask for. @throws CommandFailure when they make no sense together */
    public List<Wanted> wanted(List<String> arguments) {
        List<Wanted> wanted = new ArrayList<>();
        if (arguments.isEmpty()) {
            return wanted;
        }
        boolean slashes = arguments.getFirst().indexOf('/') >= 0;
        if (slashes) {
            for (String argument : arguments) {
                named(argument, wanted);
            }
            return wanted;
        }
        List<ResourceType> types = types(arguments.getFirst());
        if (arguments.size() == 1) {
            types.forEach(type -> wanted.add(new Listed(type, type.namespaced() ? listNamespace() : "")));
            return wanted;
        }
        if (!flags.text("selector").isEmpty()) {
            throw CommandFailure.error("name cannot be provided when a selector is specified");
        }
        for (ResourceType type : types) {
            for (String name : arguments.subList(1, arguments.size())) {
                if (name.indexOf('/') >= 0) {
                    throw CommandFailure.error(
                            "there is no need to specify a resource type as a separate argument when passing arguments in"
                                    + " resource/name form (e.g. '" + program()
                                    + " get resource/<resource_name>' instead of '"
                                    + program() + " get resource resource/<resource_name>'");
                }
                wanted.add(named(type, name));
            }
        }
        return wanted;
    }

    private static String program() {
        return "kubectl";
    }

    private void named(String argument, List<Wanted> wanted) {
        String[] parts = argument.split("/", -1);
        if (parts.length == 1) {
            throw CommandFailure.error("there is no need to specify a resource type as a separate argument when passing"
                    + " arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get"
                    + " resource resource/<resource_name>'");
        }
        if (parts.length > 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
            throw CommandFailure.error("arguments in resource/name form may not have more than one slash");
        }
        if (!flags.text("selector").isEmpty()) {
            throw CommandFailure.error("name cannot be provided when a selector is specified");
        }
        for (ResourceType type : types(parts[0])) {
            wanted.add(named(type, parts[1]));
        }
    }

    private Named named(ResourceType type, String name) {
        if (type.namespaced() && flags.is("all-namespaces")) {
            throw CommandFailure.error("a resource cannot be retrieved by name across all namespaces");
        }
        return new Named(type, type.namespaced() ? call.namespace() : "", name);
    }

    /** The resources of {@code pods,svc} or of a category. */
    public List<ResourceType> types(String words) {
        List<ResourceType> types = new ArrayList<>();
        for (String word : words.split(",", -1)) {
            if (word.isEmpty()) {
                throw CommandFailure.error("arguments in resource/name form must have a single resource and name");
            }
            List<ResourceType> category =
                    word.equals("all") || call.mapper().optional(word).isEmpty()
                            ? call.mapper().category(word)
                            : List.of();
            if (category.isEmpty()) {
                types.add(call.mapper().resource(word));
            } else {
                types.addAll(category);
            }
        }
        return types;
    }

    /** The objects that the call means, as the server has them now (manifests: read anew by their names). */
    public List<Target> live(List<String> arguments) {
        List<Target> targets = new ArrayList<>();
        if (fromFiles()) {
            for (Target document : documents()) {
                if (flags.is("local")) {
                    targets.add(document);
                } else {
                    failures.attempt(() -> targets.add(fetch(document)));
                }
            }
            return targets;
        }
        for (Wanted one : wanted(arguments)) {
            failures.attempt(() -> targets.addAll(live(one)));
        }
        return targets;
    }

    private Target fetch(Target target) {
        return target.with(call.connection().get(target.path()));
    }

    private List<Target> live(Wanted one) {
        List<Target> targets = new ArrayList<>();
        switch (one) {
            case Named named ->
                targets.add(fetch(
                        new Target(named.type(), named.namespace(), named.name(), MissingNode.getInstance(), "")));
            case Listed listed -> {
                for (JsonNode item : list(listed).path("items")) {
                    targets.add(new Target(
                            listed.type(), Json.namespace(item), Json.name(item), complete(item, listed.type()), ""));
                }
            }
        }
        return targets;
    }

    private static JsonNode complete(JsonNode item, ResourceType type) {
        if (item instanceof ObjectNode object && !object.has("kind")) {
            object.put("apiVersion", type.apiVersion()).put("kind", type.kind());
        }
        return item;
    }

    /** The list that the server answers with under the call's selectors. */
    public JsonNode list(Listed listed) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("labelSelector", flags.text("selector"));
        parameters.put("fieldSelector", flags.text("field-selector"));
        return call.connection().get(Connection.query(listed.type().path(listed.namespace()), parameters));
    }

    /** As {@link #live}, with the complaint of commands that need at least one object named. */
    public List<Target> liveOrUsage(List<String> arguments) {
        if (arguments.isEmpty() && !fromFiles()) {
            throw call.usage("required resource not specified");
        }
        boolean open = arguments.size() == 1 && arguments.getFirst().indexOf('/') < 0;
        if (open
                && !fromFiles()
                && flags.text("selector").isEmpty()
                && !flags.is("all")
                && flags.text("field-selector").isEmpty()) {
            throw CommandFailure.error("resource(s) were provided, but no name was specified");
        }
        return live(arguments);
    }
}
