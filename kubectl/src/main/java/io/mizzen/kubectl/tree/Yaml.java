// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.tree;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * Reads YAML 1.1 into JSON trees as Kubernetes' own reader does: aliases and merge keys are followed (50 aliases to collections at
 * most, against bombs), a key twice in one map is refused, keys become strings, a time stamp stays a string. Stateless.
 */
public final class Yaml {
    private static final int MAX_ALIASES = 50;
    private static final int MAX_CODE_POINTS = 64 * 1024 * 1024;

    private Yaml() {}

    /** A text that is not YAML; the message says where. */
    public static final class Malformed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Malformed(String message) {
            super(message);
        }
    }

    /** The first document; null node when the text is empty. @throws Malformed when it is not YAML */
    public static JsonNode parse(String text) {
        List<JsonNode> all = parseAll(text);
        return all.isEmpty() ? Json.NODES.nullNode() : all.getFirst();
    }

    /** All documents of one text. @throws Malformed when it is not YAML */
    public static List<JsonNode> parseAll(String text) {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        options.setMaxAliasesForCollections(MAX_ALIASES);
        options.setCodePointLimit(MAX_CODE_POINTS);
        List<JsonNode> documents = new ArrayList<>();
        try {
            Composer composer = new Composer(
                    new ParserImpl(new StreamReader(new StringReader(text)), options), new Words(), options);
            while (composer.checkNode()) {
                documents.add(new Reader().read(composer.getNode()));
            }
        } catch (org.yaml.snakeyaml.error.MarkedYAMLException e) {
            int line = line(e);
            throw new Malformed("yaml: " + (line > 0 ? "line " + line + ": " : "") + problem(e));
        } catch (org.yaml.snakeyaml.error.YAMLException e) {
            throw new Malformed("yaml: " + String.valueOf(e.getMessage()));
        }
        return documents;
    }

    /** The line as Kubernetes' reader counts it: the scanner's complaints are one further than the parser's. */
    private static int line(org.yaml.snakeyaml.error.MarkedYAMLException e) {
        int context = e.getContextMark() == null ? 0 : e.getContextMark().getLine();
        int problem = e.getProblemMark() == null ? 0 : e.getProblemMark().getLine();
        int scanner = e instanceof org.yaml.snakeyaml.scanner.ScannerException ? 1 : 0;
        return context != 0 ? context + scanner : problem + scanner;
    }

    private static String problem(org.yaml.snakeyaml.error.MarkedYAMLException e) {
        String problem = String.valueOf(e.getProblem());
        if (problem.startsWith("found character '") && problem.contains("that cannot start any token")) {
            return "found character that cannot start any token";
        }
        int but = problem.indexOf(", but ");
        return problem.startsWith("expected ") && but > 0 ? "did not find " + problem.substring(0, but) : problem;
    }

    /** Leaves every plain word unresolved: {@link Scalars} decides. */
    private static final class Words extends Resolver {
        @Override
        protected void addImplicitResolvers() {
            // None: tags of plain words are decided by Scalars, as upstream's reader decides them.
        }
    }

    private static final class Reader {
        private final Map<Node, Boolean> open = new IdentityHashMap<>();

        JsonNode read(Node node) {
            // No pattern switch here: its bootstrap would cost every call a few milliseconds.
            if (node instanceof ScalarNode scalar) {
                return scalar(scalar);
            }
            if (node instanceof SequenceNode sequence) {
                return sequence(sequence);
            }
            if (node instanceof MappingNode mapping) {
                return mapping(mapping);
            }
            throw new Malformed("yaml: unexpected node");
        }

        private static JsonNode scalar(ScalarNode scalar) {
            String tag = scalar.getTag().getValue();
            if (scalar.getScalarStyle() == ScalarStyle.PLAIN && (tag.endsWith(":str") || tag.endsWith(":null"))) {
                return Scalars.resolve(scalar.getValue());
            }
            return tag.endsWith(":int") || tag.endsWith(":float") || tag.endsWith(":bool")
                    ? Scalars.resolve(scalar.getValue())
                    : Json.NODES.textNode(scalar.getValue());
        }

        private ArrayNode sequence(SequenceNode sequence) {
            enter(sequence);
            ArrayNode array = Json.array();
            for (Node item : sequence.getValue()) {
                array.add(read(item));
            }
            open.remove(sequence);
            return array;
        }

        private ObjectNode mapping(MappingNode mapping) {
            enter(mapping);
            ObjectNode object = Json.object();
            List<Node> merged = new ArrayList<>();
            for (NodeTuple tuple : mapping.getValue()) {
                if (!(tuple.getKeyNode() instanceof ScalarNode keyNode)) {
                    throw new Malformed("yaml: line " + line(tuple.getKeyNode()) + ": invalid map key");
                }
                String key = Json.show(scalar(keyNode));
                if (key.equals("<<") && keyNode.getScalarStyle() == ScalarStyle.PLAIN) {
                    merged.add(tuple.getValueNode());
                } else if (object.has(key)) {
                    throw new Malformed("yaml: unmarshal errors:\n  line " + line(keyNode) + ": key \"" + key
                            + "\" already set in map");
                } else {
                    object.set(key, read(tuple.getValueNode()));
                }
            }
            for (Node source : merged) {
                merge(object, source);
            }
            open.remove(mapping);
            return object;
        }

        private void merge(ObjectNode target, Node source) {
            if (source instanceof SequenceNode several) {
                several.getValue().forEach(one -> merge(target, one));
                return;
            }
            for (Map.Entry<String, JsonNode> field : read(source).properties()) {
                if (!target.has(field.getKey())) {
                    target.set(field.getKey(), field.getValue());
                }
            }
        }

        private void enter(Node node) {
            if (open.put(node, true) != null) {
                throw new Malformed("yaml: line " + line(node) + ": anchor contains itself");
            }
        }

        private static int line(Node node) {
            return node.getStartMark().getLine() + 1;
        }
    }
}
