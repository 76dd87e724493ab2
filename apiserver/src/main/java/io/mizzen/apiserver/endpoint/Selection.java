// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.endpoint;

import io.mizzen.api.selector.FieldSelector;
import io.mizzen.api.selector.LabelSelector;
import io.mizzen.api.status.StatusException;
import io.mizzen.apiserver.http.Query;
import io.mizzen.apiserver.registry.ServedResource;
import io.mizzen.apiserver.storage.cache.CachedObject;
import io.mizzen.apiserver.storage.cache.FieldMatch;
import io.mizzen.apiserver.storage.cache.ListRequest;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which objects of a collection a request is about.
 *
 * @param labels label selector
 * @param fields field selector
 */
record Selection(LabelSelector labels, FieldSelector fields) {

    /** Everything. */
    static final Selection ALL = new Selection(LabelSelector.EVERYTHING, FieldSelector.EVERYTHING);

    /** Reads the query; malformed or unknown selectors are a 400. */
    static Selection of(ServedResource resource, Query query) {
        try {
            LabelSelector labels = LabelSelector.parse(query.text("labelSelector"));
            FieldSelector fields = FieldSelector.parse(query.text("fieldSelector"));
            check(resource, fields);
            return new Selection(labels, fields);
        } catch (IllegalArgumentException malformed) {
            throw StatusException.badRequest("unable to parse requirement: " + malformed.getMessage());
        }
    }

    private static void check(ServedResource resource, FieldSelector selector) {
        for (FieldSelector.Term term : selector.terms()) {
            String field = term.field();
            boolean known = field.equals("metadata.name")
                    || field.equals("metadata.namespace")
                    || resource.definition().selectableFields().contains(field);
            if (!known) {
                boolean own = resource.definition().custom()
                        || !resource.definition().selectableFields().isEmpty();
                String message = own
                        ? "field label not supported: " + field
                        : "\"" + field + "\" is not a known field selector: only \"metadata.name\", "
                                + "\"metadata.namespace\"";
                throw StatusException.badRequest(message);
            }
        }
    }

    /** The test for the cache; {@link ListRequest#EVERYTHING} when nothing is selected. */
    Predicate<CachedObject> filter() {
        if (labels.isEmpty() && fields.isEmpty()) {
            return ListRequest.EVERYTHING;
        }
        return object -> labels.matches(object.labels()) && matchesFields(object);
    }

    private boolean matchesFields(CachedObject object) {
        for (FieldSelector.Term term : fields.terms()) {
            if (!term.matches(Map.of(term.field(), object.field(term.field())))) {
                return false;
            }
        }
        return true;
    }

    /** An equality that an index may answer. */
    @Nullable
    FieldMatch match() {
        for (FieldSelector.Term term : fields.terms()) {
            if (term.equal() && INDEXED.contains(term.field()) && !term.value().isEmpty()) {
                return new FieldMatch(term.field(), term.value());
            }
        }
        return null;
    }

    /** Fields with an index in the cache. */
    static final Set<String> INDEXED = Set.of("spec.nodeName", "metadata.name");
}
