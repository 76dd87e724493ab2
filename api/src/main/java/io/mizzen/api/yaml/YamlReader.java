// SPDX-License-Identifier: Apache-2.0
package io.mizzen.api.yaml;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * Reads YAML 1.1 the way Kubernetes does (sigs.k8s.io/yaml): aliases and merge keys resolved, duplicate keys refused,
 * dates left as text, keys that are not text made text. Bounded against alias bombs and deep nesting. Thread-safe: each
 * call builds its own parser.
 */
public final class YamlReader {
    private static final int MAX_ALIASES = 50;
    private static final int MAX_DEPTH = 100;
    private static final long MAX_NODES = 1_000_000;

    private YamlReader() {}

    /** YAML that cannot be read; the message is one line and names the place. */
    public static final class YamlSyntaxException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        YamlSyntaxException(String message) {
            super(message, null, false, false);
        }
    }

    /**
     * All documents of a stream; empty ones are left out.
     *
     * @param maxCodePoints longest input accepted, in characters
     * @throws YamlSyntaxException when the text is malformed or exceeds a bound
     */
    public static List<JsonNode> readAll(String text, int maxCodePoints) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setMaxAliasesForCollections(MAX_ALIASES);
        options.setNestingDepthLimit(MAX_DEPTH);
        options.setCodePointLimit(maxCodePoints);
        DumperOptions dumper = new DumperOptions();
        Yaml yaml = new Yaml(
                new SafeConstructor(options), new Representer(dumper), dumper, options, new TimelessResolver());
        try {
            List<JsonNode> documents = new ArrayList<>();
            for (Object document : yaml.loadAll(text)) {
                if (document != null) {
                    documents.add(new TreeBuilder().convert(document));
                }
            }
            return documents;
        } catch (YAMLException malformed) {
            throw new YamlSyntaxException(oneLine(malformed));
        } catch (StackOverflowError tooDeep) {
            throw new YamlSyntaxException("exceeded max depth");
        }
    }

    private static String oneLine(YAMLException malformed) {
        if (malformed instanceof org.yaml.snakeyaml.error.MarkedYAMLException marked
                && marked.getProblemMark() != null) {
            return "yaml: line " + (marked.getProblemMark().getLine() + 1) + ": " + marked.getProblem();
        }
        String message = String.valueOf(malformed.getMessage());
        return "yaml: " + message.lines().findFirst().orElse(message);
    }

    /** Everything of YAML 1.1 but timestamps, which Kubernetes keeps as text. */
    private static final class TimelessResolver extends Resolver {
        @Override
        public void addImplicitResolver(Tag tag, java.util.regex.Pattern regexp, String first, int limit) {
            if (!tag.equals(Tag.TIMESTAMP)) {
                super.addImplicitResolver(tag, regexp, first, limit);
            }
        }
    }

    /** Copies the parser's collections into JSON nodes and counts them, so that aliases cannot multiply the tree. */
    private static final class TreeBuilder {
        private final Map<Object, Boolean> open = new IdentityHashMap<>();
        private long nodes;

        JsonNode convert(@Nullable Object value) {
            if (++nodes > MAX_NODES) {
                throw new YamlSyntaxException("yaml: document contains excessive aliasing");
            }
            JsonNodeFactory factory = JsonNodeFactory.instance;
            return switch (value) {
                case null -> factory.nullNode();
                case Map<?, ?> map -> object(map);
                case Iterable<?> list -> array(list);
                case String text -> factory.textNode(text);
                case Boolean flag -> factory.booleanNode(flag);
                case Integer number -> factory.numberNode(number.longValue());
                case Long number -> factory.numberNode(number);
                case BigInteger number -> factory.numberNode(number);
                case Double number -> number(factory, number);
                case byte[] bytes ->
                    factory.textNode(java.util.Base64.getEncoder().encodeToString(bytes));
                default -> factory.textNode(String.valueOf(value));
            };
        }

        private static JsonNode number(JsonNodeFactory factory, Double number) {
            // 1e3 and 2.0 are whole numbers in JSON's eyes.
            if (number == Math.rint(number) && Math.abs(number) < 1e15) {
                return factory.numberNode(number.longValue());
            }
            return factory.numberNode(number);
        }

        private JsonNode object(Map<?, ?> map) {
            enter(map);
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            map.forEach((key, value) -> object.set(String.valueOf(key), convert(value)));
            open.remove(map);
            return object;
        }

        private JsonNode array(Iterable<?> list) {
            enter(list);
            ArrayNode array = JsonNodeFactory.instance.arrayNode();
            list.forEach(value -> array.add(convert(value)));
            open.remove(list);
            return array;
        }

        private void enter(Object collection) {
            if (open.put(collection, true) != null) {
                throw new YamlSyntaxException("yaml: anchor contains itself");
            }
        }
    }
}
