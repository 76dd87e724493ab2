// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.write;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.api.schema.Schema;
import io.mizzen.kubectl.command.DryRun;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.command.target.Target;
import io.mizzen.kubectl.patch.MergePatch;
import io.mizzen.kubectl.patch.Schemas;
import io.mizzen.kubectl.patch.StrategicPatch;
import io.mizzen.kubectl.rest.Connection;

/** Sends the difference between an object and its changed copy. Stateless. */
public final class Change {
    private Change() {}

    /** The patch from {@code target}'s object to {@code changed}: strategic for built-in kinds, else a merge patch. */
    static Apply.Patch between(Target target, JsonNode changed) {
        Schema schema = Schemas.of(target.type().apiVersion(), target.type().kind());
        return schema == null
                ? new Apply.Patch(Connection.MERGE, MergePatch.twoWay(target.object(), changed))
                : new Apply.Patch(Connection.STRATEGIC, StrategicPatch.twoWay(target.object(), changed, schema));
    }

    /** Sends it, unless nothing differs or this is a trial on the client; returns what is there afterwards. */
    public static JsonNode send(Invocation call, Target target, ObjectNode changed) {
        if (call.flags().is("local") || call.flags().knows("dry-run") && call.dryRun() == DryRun.CLIENT) {
            return changed;
        }
        Apply.Patch patch = between(target, changed);
        if (patch.body().isEmpty()) {
            return target.object();
        }
        return call.connection()
                .patch(Connection.query(target.path(), call.changeParameters()), patch.form(), patch.body());
    }

    /** Whether sending would change anything. */
    public static boolean differs(Target target, JsonNode changed) {
        return !between(target, changed).body().isEmpty();
    }
}
