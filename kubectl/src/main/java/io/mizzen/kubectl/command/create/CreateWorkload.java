// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl.command.create;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.mizzen.kubectl.cli.CommandFailure;
import io.mizzen.kubectl.cli.Flags;
import io.mizzen.kubectl.command.Invocation;
import io.mizzen.kubectl.rest.ResourceType;
import io.mizzen.kubectl.tree.Json;
import java.util.List;

/** {@code kubectl create deployment|job|cronjob}. */
public final class CreateWorkload {
    private CreateWorkload() {}

    /** {@code create deployment}. */
    public static final class Deployment extends Generator {
        /** Made for one call. */
        public Deployment() {
            super("deployments", true, "image:l= port:i=-1 replicas,r:i=1");
        }

        @Override
        List<String> requiredFlags() {
            return List.of("image");
        }

        @Override
        boolean takesCommand() {
            return true;
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            Flags flags = call.flags();
            List<String> images = flags.list("image");
            List<String> command = command(call);
            if (images.size() > 1 && !command.isEmpty()) {
                throw CommandFailure.error("cannot specify multiple --image options and command");
            }
            if (flags.number("replicas") < 0) {
                throw CommandFailure.error("--replicas must be greater than or equal to 0");
            }
            ObjectNode object = object("Deployment", "apps/v1", name);
            Json.child(object, "metadata", "labels").put("app", name);
            ObjectNode spec = object.putObject("spec");
            spec.put("replicas", flags.number("replicas"));
            Json.child(spec, "selector", "matchLabels").put("app", name);
            ObjectNode template = spec.putObject("template");
            Json.child(template, "metadata", "labels").put("app", name);
            var containers = Json.child(template, "spec").putArray("containers");
            boolean first = true;
            for (String image : images) {
                ObjectNode container = Json.object();
                container.put("name", nameOf(image)).put("image", image);
                if (!command.isEmpty()) {
                    var words = container.putArray("command");
                    command.forEach(words::add);
                }
                if (first && flags.number("port") >= 0) {
                    container.putArray("ports").addObject().put("containerPort", flags.number("port"));
                }
                first = false;
                container.putObject("resources");
                containers.add(container);
            }
            spec.putObject("strategy");
            object.putObject("status");
            return object;
        }

        /** The last part of an image's path without tag and digest, fit for a container's name. */
        private static String nameOf(String image) {
            String name = image.substring(image.lastIndexOf('/') + 1);
            int at = name.indexOf('@');
            name = at < 0 ? name : name.substring(0, at);
            int colon = name.indexOf(':');
            name = colon < 0 ? name : name.substring(0, colon);
            return name.replaceAll("[^a-zA-Z0-9-]", "-");
        }
    }

    private static ObjectNode podTemplate(String name, Flags flags, List<String> command, String restart) {
        ObjectNode template = Json.object();
        template.putObject("metadata");
        ObjectNode spec = template.putObject("spec");
        spec.putArray("containers").add(Generator.container(name, flags.text("image"), command));
        spec.put("restartPolicy", restart);
        return template;
    }

    /** {@code create job}, from an image or from a CronJob. */
    public static final class Job extends Generator {
        /** Made for one call. */
        public Job() {
            super("jobs", true, "from:s= image:s=");
        }

        @Override
        boolean takesCommand() {
            return true;
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            Flags flags = call.flags();
            String from = flags.text("from");
            if (from.isEmpty() == flags.text("image").isEmpty()) {
                throw CommandFailure.error(
                        from.isEmpty()
                                ? "either --image or --from must be specified"
                                : "either --image or --from must be specified");
            }
            if (!from.isEmpty() && !command(call).isEmpty()) {
                throw CommandFailure.error("cannot specify --from and command");
            }
            ObjectNode object = object("Job", "batch/v1", name);
            if (from.isEmpty()) {
                object.putObject("spec").set("template", podTemplate(name, flags, command(call), "Never"));
            } else {
                copy(call, from, object);
            }
            object.putObject("status");
            return object;
        }

        private static void copy(Invocation call, String from, ObjectNode object) {
            int slash = from.indexOf('/');
            if (slash <= 0) {
                throw CommandFailure.error("from must be an existing cronjob, e.g. cronjob/name");
            }
            ResourceType type = call.mapper().resource(from.substring(0, slash));
            if (!type.qualified().equals("cronjobs.batch")) {
                throw CommandFailure.error("from must be an existing cronjob");
            }
            JsonNode cron = call.connection().get(type.path(call.namespace(), from.substring(slash + 1)));
            JsonNode template = cron.path("spec").path("jobTemplate");
            ObjectNode metadata = Json.child(object, "metadata");
            ObjectNode annotations = metadata.putObject("annotations");
            annotations.put("cronjob.kubernetes.io/instantiate", "manual");
            template.path("metadata")
                    .path("annotations")
                    .properties()
                    .forEach(entry -> annotations.set(entry.getKey(), entry.getValue()));
            if (!template.path("metadata").path("labels").isEmpty()) {
                metadata.set("labels", template.path("metadata").path("labels").deepCopy());
            }
            ObjectNode owner = metadata.putArray("ownerReferences").addObject();
            owner.put("apiVersion", "batch/v1").put("kind", "CronJob").put("name", Json.name(cron));
            owner.put("uid", Json.text(cron, "metadata", "uid")).put("controller", true);
            object.set("spec", template.path("spec").deepCopy());
        }
    }

    /** {@code create cronjob}. */
    public static final class CronJob extends Generator {
        /** Made for one call. */
        public CronJob() {
            super("cronjobs", true, "image:s= restart:s= schedule:s=");
        }

        @Override
        List<String> requiredFlags() {
            return List.of("image", "schedule");
        }

        @Override
        boolean takesCommand() {
            return true;
        }

        @Override
        ObjectNode build(Invocation call, String name) {
            String restart = call.flags().text("restart");
            ObjectNode object = object("CronJob", "batch/v1", name);
            ObjectNode spec = object.putObject("spec");
            spec.put("schedule", call.flags().text("schedule"));
            ObjectNode job = spec.putObject("jobTemplate");
            job.putObject("metadata").put("name", name);
            job.putObject("spec")
                    .set(
                            "template",
                            podTemplate(name, call.flags(), command(call), restart.isEmpty() ? "OnFailure" : restart));
            object.putObject("status");
            return object;
        }
    }
}
