// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.tree.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What the server serves and which resource a word means. The answer of aggregated discovery is kept on disk for six hours, as
 * upstream keeps it; a word that is not found in a kept answer makes it be asked anew. Used by one thread.
 */
public final class RestMapper {
    private static final Duration KEPT = Duration.ofHours(6);
    private static final String AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
            + "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

    private final Connection connection;
    private final Path file;
    private List<ResourceType> types = List.of();
    private boolean fresh;
    private boolean loaded;

    /** @param cacheFolder where answers are kept, upstream's {@code --cache-dir} */
    public RestMapper(Connection connection, Path cacheFolder) {
        this.connection = connection;
        String server = connection
                .endpoint()
                .authority()
                .replace(':', '_')
                .replace("[", "")
                .replace("]", "");
        file = cacheFolder.resolve("discovery").resolve(server).resolve("resources.tsv");
    }

    /** Every resource in the server's order of groups; the first version of a group is the preferred one. */
    public List<ResourceType> all() {
        if (!loaded) {
            loaded = true;
            List<ResourceType> kept = readFile();
            if (kept.isEmpty()) {
                fetch();
            } else {
                types = kept;
            }
        }
        return types;
    }

    /** Asks the server now, whatever is kept. */
    public List<ResourceType> fetch() {
        List<ResourceType> found = new ArrayList<>();
        collect("/api", found);
        collect("/apis", found);
        types = found;
        fresh = true;
        loaded = true;
        writeFile();
        return found;
    }

    private void collect(String path, List<ResourceType> found) {
        JsonNode answer = connection.get(path, AGGREGATED);
        if (Json.text(answer, "kind").equals("APIGroupDiscoveryList")) {
            for (JsonNode group : answer.path("items")) {
                String name = Json.name(group);
                for (JsonNode version : group.path("versions")) {
                    for (JsonNode resource : version.path("resources")) {
                        found.add(aggregated(name, Json.text(version, "version"), resource));
                    }
                }
            }
        } else if (path.equals("/api")) {
            for (JsonNode version : answer.path("versions")) {
                legacy("/api/" + version.asText(), "", version.asText(), found);
            }
        } else {
            for (JsonNode group : answer.path("groups")) {
                for (JsonNode version : group.path("versions")) {
                    String name = Json.text(group, "name");
                    String number = Json.text(version, "version");
                    legacy("/apis/" + name + "/" + number, name, number, found);
                }
            }
        }
    }

    private static ResourceType aggregated(String group, String version, JsonNode resource) {
        List<String> subresources = new ArrayList<>();
        for (JsonNode sub : resource.path("subresources")) {
            subresources.add(Json.text(sub, "subresource"));
        }
        String singular = Json.text(resource, "singularResource");
        String kind = Json.text(resource, "responseKind", "kind");
        return new ResourceType(
                group,
                version,
                Json.text(resource, "resource"),
                singular.isEmpty() ? kind.toLowerCase(Locale.ROOT) : singular,
                kind,
                Json.text(resource, "scope").equals("Namespaced"),
                texts(resource.path("verbs")),
                texts(resource.path("shortNames")),
                texts(resource.path("categories")),
                subresources);
    }

    private void legacy(String path, String group, String version, List<ResourceType> found) {
        List<JsonNode> subs = new ArrayList<>();
        int from = found.size();
        for (JsonNode resource : connection.get(path).path("resources")) {
            String name = Json.text(resource, "name");
            if (name.indexOf('/') >= 0) {
                subs.add(resource);
                continue;
            }
            String kind = Json.text(resource, "kind");
            String singular = Json.text(resource, "singularName");
            found.add(new ResourceType(
                    group,
                    version,
                    name,
                    singular.isEmpty() ? kind.toLowerCase(Locale.ROOT) : singular,
                    kind,
                    resource.path("namespaced").asBoolean(false),
                    texts(resource.path("verbs")),
                    texts(resource.path("shortNames")),
                    texts(resource.path("categories")),
                    new ArrayList<>()));
        }
        for (JsonNode sub : subs) {
            String name = Json.text(sub, "name");
            int slash = name.indexOf('/');
            for (ResourceType type : found.subList(from, found.size())) {
                if (type.plural().equals(name.substring(0, slash))) {
                    type.subresources().add(name.substring(slash + 1));
                }
            }
        }
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>(list.size());
        list.forEach(item -> texts.add(item.asText()));
        return texts;
    }

    private List<ResourceType> readFile() {
        try {
            if (!Files.isRegularFile(file)
                    || Files.getLastModifiedTime(file)
                            .toInstant()
                            .isBefore(Instant.now().minus(KEPT))) {
                return List.of();
            }
            List<ResourceType> kept = new ArrayList<>();
            for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                String[] f = line.split("\t", -1);
                if (f.length != 10) {
                    return List.of();
                }
                kept.add(new ResourceType(
                        f[0],
                        f[1],
                        f[2],
                        f[3],
                        f[4],
                        f[5].equals("1"),
                        words(f[6]),
                        words(f[7]),
                        words(f[8]),
                        words(f[9])));
            }
            return kept;
        } catch (IOException e) {
            return List.of();
        }
    }

    private static List<String> words(String joined) {
        return joined.isEmpty() ? List.of() : List.of(joined.split(" "));
    }

    private void writeFile() {
        StringBuilder text = new StringBuilder(8192);
        for (ResourceType t : types) {
            text.append(t.group())
                    .append('\t')
                    .append(t.version())
                    .append('\t')
                    .append(t.plural())
                    .append('\t');
            text.append(t.singular()).append('\t').append(t.kind()).append('\t').append(t.namespaced() ? '1' : '0');
            for (List<String> list : List.of(t.verbs(), t.shortNames(), t.categories(), t.subresources())) {
                text.append('\t').append(String.join(" ", list));
            }
            text.append('\n');
        }
        Path folder = file.getParent();
        try {
            Files.createDirectories(folder);
            Path draft = Files.createTempFile(folder, "resources", ".tmp");
            Files.writeString(draft, text);
            try {
                Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(draft, file, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            // A cache that can't be written only costs time.
            return;
        }
    }

    /** Forgets what is kept on disk, after a change of what is served. */
    public void forget() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // The kept answer ages by itself.
            return;
        }
    }

    private Optional<ResourceType> find(Predicate<ResourceType> wanted) {
        Optional<ResourceType> hit = first(wanted);
        if (hit.isEmpty() && !fresh) {
            fetch();
            hit = first(wanted);
        }
        return hit;
    }

    private Optional<ResourceType> first(Predicate<ResourceType> wanted) {
        for (ResourceType type : all()) {
            if (wanted.test(type)) {
                return Optional.of(type);
            }
        }
        return Optional.empty();
    }

    /**
     * What the user means by a word: a plural, singular, kind or short name, alone or with {@code .group} or
     * {@code .version.group}.
     *
     * @throws CommandFailure when the server has nothing of that name
     */
    public ResourceType resource(String word) {
        return optional(word)
                .orElseThrow(() -> CommandFailure.error("the server doesn't have a resource type \"" + word + "\""));
    }

    /** As {@link #resource}, without the complaint. */
    public Optional<ResourceType> optional(String word) {
        String lower = word.toLowerCase(Locale.ROOT);
        Optional<ResourceType> hit = first(type -> matches(type, lower));
        if (hit.isEmpty()) {
            hit = first(type -> matchesShort(type, lower));
        }
        if (hit.isEmpty() && !fresh) {
            fetch();
            hit = first(type -> matches(type, lower)).or(() -> first(type -> matchesShort(type, lower)));
        }
        return hit;
    }

    private static boolean matches(ResourceType type, String word) {
        return matchesName(type, word, type.plural())
                || matchesName(type, word, type.singular())
                || matchesName(type, word, type.kind().toLowerCase(Locale.ROOT));
    }

    private static boolean matchesShort(ResourceType type, String word) {
        for (String name : type.shortNames()) {
            if (matchesName(type, word, name)) {
                return true;
            }
        }
        return false;
    }

    private static boolean matchesName(ResourceType type, String word, String name) {
        if (name.isEmpty() || !word.startsWith(name)) {
            return false;
        }
        if (word.length() == name.length()) {
            return true;
        }
        if (word.charAt(name.length()) != '.') {
            return false;
        }
        String rest = word.substring(name.length() + 1);
        return rest.equals(type.group())
                || rest.equals(type.version() + "." + type.group())
                || type.group().isEmpty() && rest.equals(type.version())
                || !type.group().isEmpty() && type.group().startsWith(rest + ".");
    }

    /** The resources of a category such as {@code all}, in order; empty when there is no such category. */
    public List<ResourceType> category(String name) {
        List<ResourceType> found = new ArrayList<>();
        for (ResourceType type : all()) {
            boolean known = found.stream().anyMatch(other -> other.qualified().equals(type.qualified()));
            if (!known && type.categories().contains(name)) {
                found.add(type);
            }
        }
        return found;
    }

    /** The resource of an object's {@code apiVersion} and {@code kind}. */
    public Optional<ResourceType> kind(String apiVersion, String kind) {
        return find(type -> type.kind().equals(kind) && type.apiVersion().equals(apiVersion));
    }
}
