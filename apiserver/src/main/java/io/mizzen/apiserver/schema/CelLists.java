// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.schema;

import dev.cel.common.types.CelType;
import dev.cel.common.types.SimpleType;
import java.util.Iterator;
import java.util.List;

/** The functions on lists that Kubernetes adds to CEL (API page "Common Expression Language", list library). */
enum CelLists {
    IS_SORTED("isSorted", SimpleType.BOOL),
    SUM("sum", SimpleType.DYN),
    MIN("min", SimpleType.DYN),
    MAX("max", SimpleType.DYN);

    private final String functionName;
    private final CelType resultType;

    CelLists(String functionName, CelType resultType) {
        this.functionName = functionName;
        this.resultType = resultType;
    }

    String functionName() {
        return functionName;
    }

    String overloadId() {
        return "k8s_list_" + functionName;
    }

    CelType resultType() {
        return resultType;
    }

    /**
     * The function's value.
     *
     * @throws IllegalArgumentException when the list has no such value
     */
    Object apply(List<?> list) {
        return switch (this) {
            case IS_SORTED -> isSorted(list);
            case SUM -> sum(list);
            case MIN -> extreme(list, -1);
            case MAX -> extreme(list, 1);
        };
    }

    private static boolean isSorted(List<?> list) {
        for (int i = 1; i < list.size(); i++) {
            if (compare(list.get(i - 1), list.get(i)) > 0) {
                return false;
            }
        }
        return true;
    }

    private static Object sum(List<?> list) {
        boolean whole = list.stream().allMatch(Long.class::isInstance);
        if (whole) {
            long sum = 0;
            for (Object element : list) {
                sum = Math.addExact(sum, (Long) element);
            }
            return sum;
        }
        double sum = 0;
        for (Object element : list) {
            if (!(element instanceof Number number)) {
                throw new IllegalArgumentException("no such overload: sum");
            }
            sum += number.doubleValue();
        }
        return sum;
    }

    private Object extreme(List<?> list, int sign) {
        Iterator<?> elements = list.iterator();
        if (!elements.hasNext()) {
            throw new IllegalArgumentException(functionName + " called on empty list");
        }
        Object best = elements.next();
        while (elements.hasNext()) {
            Object element = elements.next();
            if (compare(element, best) * sign > 0) {
                best = element;
            }
        }
        return best;
    }

    private static int compare(Object left, Object right) {
        if (left instanceof Long a && right instanceof Long b) {
            return Long.compare(a, b);
        }
        if (left instanceof Number a && right instanceof Number b) {
            return Double.compare(a.doubleValue(), b.doubleValue());
        }
        if (left instanceof String a && right instanceof String b) {
            return a.compareTo(b);
        }
        if (left instanceof Boolean a && right instanceof Boolean b) {
            return Boolean.compare(a, b);
        }
        if (left instanceof java.time.Instant a && right instanceof java.time.Instant b) {
            return a.compareTo(b);
        }
        throw new IllegalArgumentException("no such overload: elements cannot be compared");
    }
}
