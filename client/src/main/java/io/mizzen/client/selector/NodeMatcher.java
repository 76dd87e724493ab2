// SPDX-License-Identifier: Apache-2.0
package io.mizzen.client.selector;

import io.fabric8.kubernetes.api.model.Affinity;
import io.fabric8.kubernetes.api.model.NodeAffinity;
import io.fabric8.kubernetes.api.model.NodeSelector;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.PreferredSchedulingTerm;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A pod's {@code nodeSelector} and node affinity, made ready for many nodes. Immutable.
 *
 * @param selector the node selector; everything where there is none
 * @param required the terms of which one must match, null where nothing is required
 * @param preferred the terms that add to a node's score
 */
public record NodeMatcher(LabelMatcher selector, @Nullable List<Term> required, List<Preferred> preferred) {
    /**
     * One node selector term: all of it must hold.
     *
     * @param labels requirements on labels
     * @param fields requirements on {@code metadata.name}
     * @param names the only node names that can match, null where the term names none
     * @param isEmpty whether the term is empty, and so matches nothing
     */
    public record Term(
            LabelMatcher labels,
            LabelMatcher fields,
            @Nullable Set<String> names,
            boolean isEmpty) {
        /** Whether the node satisfies the term. */
        public boolean matches(String nodeName, Map<String, String> nodeLabels) {
            return !isEmpty && labels.matches(nodeLabels) && fields.matches(Map.of("metadata.name", nodeName));
        }
    }

    /**
     * A weighted term.
     *
     * @param term the term
     * @param weight what a match adds
     */
    public record Preferred(Term term, int weight) {}

    /** Reads what a pod says about nodes. */
    public static NodeMatcher of(PodSpec pod) {
        LabelMatcher selector = LabelMatcher.ofLabels(pod.getNodeSelector());
        Affinity affinity = pod.getAffinity();
        NodeAffinity nodeAffinity = affinity == null ? null : affinity.getNodeAffinity();
        if (nodeAffinity == null) {
            return new NodeMatcher(selector, null, List.of());
        }
        NodeSelector hard = nodeAffinity.getRequiredDuringSchedulingIgnoredDuringExecution();
        List<Preferred> soft = new ArrayList<>();
        for (PreferredSchedulingTerm term :
                orEmpty(nodeAffinity.getPreferredDuringSchedulingIgnoredDuringExecution())) {
            if (term.getWeight() != null && term.getWeight() != 0) {
                soft.add(new Preferred(term(term.getPreference()), term.getWeight()));
            }
        }
        return new NodeMatcher(selector, hard == null ? null : terms(hard), List.copyOf(soft));
    }

    /** Reads the terms of a node selector. */
    public static List<Term> terms(NodeSelector selector) {
        return selector.getNodeSelectorTerms().stream().map(NodeMatcher::term).toList();
    }

    /** Whether anything is required of a node. */
    public boolean hasRequirements() {
        return required != null || !selector.isEverything();
    }

    /** Whether a node satisfies selector and required terms. */
    public boolean matches(String nodeName, Map<String, String> labels) {
        return selector.matches(labels)
                && (required == null || required.stream().anyMatch(term -> term.matches(nodeName, labels)));
    }

    /** The only nodes that the required terms can match by name; null if some term names none. */
    public @Nullable Set<String> nodeNames() {
        if (required == null || required.isEmpty()) {
            return null;
        }
        Set<String> names = new HashSet<>();
        for (Term term : required) {
            if (term.names() == null) {
                return null;
            }
            names.addAll(term.names());
        }
        return names;
    }

    private static Term term(NodeSelectorTerm term) {
        List<NodeSelectorRequirement> labels = orEmpty(term.getMatchExpressions());
        List<NodeSelectorRequirement> fields = orEmpty(term.getMatchFields());
        Set<String> names = null;
        for (NodeSelectorRequirement field : fields) {
            if ("metadata.name".equals(field.getKey()) && "In".equals(field.getOperator())) {
                if (names == null) {
                    names = new HashSet<>(field.getValues());
                } else {
                    names.retainAll(field.getValues());
                }
            }
        }
        return new Term(
                LabelMatcher.ofNodeRequirements(labels),
                LabelMatcher.ofNodeRequirements(fields),
                names == null ? null : Set.copyOf(names),
                labels.isEmpty() && fields.isEmpty());
    }

    private static <T> List<T> orEmpty(@Nullable List<T> list) {
        return list == null ? List.of() : list;
    }
}
