// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodAffinityTerm;
import io.fabric8.kubernetes.api.model.WeightedPodAffinityTerm;
import io.mizzen.client.selector.LabelMatcher;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A term of pod affinity or anti-affinity, made ready for many pods. Immutable.
 *
 * @param namespaces the namespaces named, or the pod's own where none is named and no selector given
 * @param namespaceSelector selects further namespaces by label
 * @param pods selects pods
 * @param topologyKey the node label whose equal values make one place
 * @param weight what a match adds, 0 for a required term
 */
public record AffinityTerm(
        Set<String> namespaces, LabelMatcher namespaceSelector, LabelMatcher pods, String topologyKey, int weight) {

    /** Whether a pod is one of those the term speaks of; {@code namespaceLabels} gives the labels of a namespace. */
    public boolean matches(PodInfo pod, Function<String, Map<String, String>> namespaceLabels) {
        return pods.matches(pod.labels())
                && (namespaces.contains(pod.namespace())
                        || (namespaceSelector != LabelMatcher.NOTHING
                                && namespaceSelector.matches(namespaceLabels.apply(pod.namespace()))));
    }

    static List<AffinityTerm> required(Pod pod, @Nullable List<PodAffinityTerm> terms) {
        return terms == null
                ? List.of()
                : terms.stream().map(term -> of(pod, term, 0)).toList();
    }

    static List<AffinityTerm> preferred(Pod pod, @Nullable List<WeightedPodAffinityTerm> terms) {
        return terms == null
                ? List.of()
                : terms.stream()
                        .map(term -> of(pod, term.getPodAffinityTerm(), term.getWeight()))
                        .toList();
    }

    private static AffinityTerm of(Pod pod, PodAffinityTerm term, int weight) {
        boolean ownNamespace = term.getNamespaces().isEmpty() && term.getNamespaceSelector() == null;
        LabelMatcher pods = LabelMatcher.of(term.getLabelSelector());
        Map<String, String> labels = pod.getMetadata().getLabels() == null
                ? Map.of()
                : pod.getMetadata().getLabels();
        if (term.getLabelSelector() != null) {
            for (String key : term.getMatchLabelKeys()) {
                String value = labels.get(key);
                pods = value == null ? pods : pods.and(key, value);
            }
            for (String key : term.getMismatchLabelKeys()) {
                String value = labels.get(key);
                pods = value == null ? pods : pods.andNot(key, value);
            }
        }
        return new AffinityTerm(
                ownNamespace ? Set.of(pod.getMetadata().getNamespace()) : Set.copyOf(term.getNamespaces()),
                LabelMatcher.of(term.getNamespaceSelector()),
                pods,
                term.getTopologyKey(),
                weight);
    }
}
