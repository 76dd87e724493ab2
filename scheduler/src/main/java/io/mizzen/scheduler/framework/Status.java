// SPDX-License-Identifier: Apache-2.0
package io.mizzen.scheduler.framework;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a plugin answers at an extension point.
 *
 * @param code the kind of answer
 * @param reasons texts for the pod's condition, empty on success
 * @param plugin the plugin that answered, or null before the framework has filled it in
 * @param error the cause where {@code code} is {@link Code#ERROR}
 */
public record Status(
        Code code,
        List<String> reasons,
        @Nullable String plugin,
        @Nullable Throwable error) {
    /** Kinds of answers. */
    public enum Code {
        /** Go on. */
        SUCCESS,
        /** Something broke; the pod is tried again after a back-off. */
        ERROR,
        /** Does not fit now; removing pods may help. */
        UNSCHEDULABLE,
        /** Does not fit, and removing pods cannot help. */
        UNSCHEDULABLE_AND_UNRESOLVABLE,
        /** Permit only: wait for somebody's word. */
        WAIT,
        /** PreFilter, PreScore, Bind: this plugin has nothing to do with this pod. */
        SKIP,
        /** Waits for something outside; the pod need not back off once that happens. */
        PENDING
    }

    private static final Status SUCCESS = new Status(Code.SUCCESS, List.of(), null, null);
    private static final Status SKIP = new Status(Code.SKIP, List.of(), null, null);

    /** Copies the reasons. */
    public Status {
        reasons = List.copyOf(reasons);
    }

    /** Go on. */
    public static Status success() {
        return SUCCESS;
    }

    /** Nothing to do for this pod. */
    public static Status skip() {
        return SKIP;
    }

    /** Does not fit now. */
    public static Status unschedulable(String... reasons) {
        return new Status(Code.UNSCHEDULABLE, List.of(reasons), null, null);
    }

    /** Does not fit, whoever leaves. */
    public static Status unresolvable(String... reasons) {
        return new Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, List.of(reasons), null, null);
    }

    /** Something broke. */
    public static Status error(Throwable cause) {
        return new Status(Code.ERROR, List.of(String.valueOf(cause.getMessage())), null, cause);
    }

    /** The same answer with its plugin's name. */
    public Status by(String name) {
        return code == Code.SUCCESS ? this : new Status(code, reasons, name, error);
    }

    /** Whether to go on. */
    public boolean isSuccess() {
        return code == Code.SUCCESS;
    }

    /** Whether the plugin has nothing to do. */
    public boolean isSkip() {
        return code == Code.SKIP;
    }

    /** Whether the pod was refused (as opposed to an error). */
    public boolean isRejected() {
        return code == Code.UNSCHEDULABLE || code == Code.UNSCHEDULABLE_AND_UNRESOLVABLE || code == Code.PENDING;
    }

    /** The reasons as one text. */
    public String message() {
        return String.join(", ", reasons);
    }
}
