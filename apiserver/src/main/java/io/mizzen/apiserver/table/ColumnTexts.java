// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.table;

import java.util.Map;

/** One sentence a column for clients that explain tables; columns that explain themselves have none. */
final class ColumnTexts {
    private static final Map<String, String> TEXTS = Map.ofEntries(
            Map.entry("Name", "Unique among the objects of its kind, within a namespace where the kind has one."),
            Map.entry("Age", "Time since the object was created."),
            Map.entry("Created At", "When the object was created, in UTC."),
            Map.entry("Ready", "How many are ready, of how many there should be."),
            Map.entry("Status", "The state in one word."),
            Map.entry("Restarts", "How often containers were started again, and when that last happened."),
            Map.entry("IP", "Address of the pod in the cluster's network."),
            Map.entry("Node", "Name of the node it belongs to."),
            Map.entry("Nominated Node", "Node that room is being made on by preemption."),
            Map.entry("Readiness Gates", "How many of the additional conditions for readiness hold."),
            Map.entry("Desired", "How many there should be."),
            Map.entry("Current", "How many there are."),
            Map.entry("Up-to-date", "How many already follow the newest template."),
            Map.entry("Available", "How many have been ready for long enough to count on."),
            Map.entry("Containers", "Names of the containers in the template."),
            Map.entry("Images", "Images of the containers in the template."),
            Map.entry("Selector", "Labels that the selected pods carry."),
            Map.entry("Completions", "How many pods succeeded, of how many must."),
            Map.entry("Duration", "Time from the start until the end, or until now."),
            Map.entry("Schedule", "When it runs, as a cron expression."),
            Map.entry("Last Schedule", "Time since it last ran."),
            Map.entry("Type", "Which variety of the kind this is."),
            Map.entry("Cluster-IP", "Virtual address inside the cluster."),
            Map.entry("External-IP", "Addresses it is reached at from outside."),
            Map.entry("Port(s)", "Ports it serves, with the port on the nodes where there is one."),
            Map.entry("Roles", "Roles that the labels of the node name."),
            Map.entry("Version", "Version of the kubelet."),
            Map.entry("Last Seen", "Time since it last happened."),
            Map.entry("First Seen", "Time since it first happened."),
            Map.entry("Count", "How often it happened."),
            Map.entry("Reason", "Why, in one word for programs."),
            Map.entry("Message", "What happened, for a person."),
            Map.entry("Object", "What it happened to."),
            Map.entry("Data", "How many keys it holds."),
            Map.entry("Capacity", "How much fits in."),
            Map.entry("Access Modes", "How many nodes or pods may mount it, and whether they may write."),
            Map.entry("Reclaim Policy", "What becomes of the volume when its claim goes."),
            Map.entry("Claim", "Claim that the volume is bound to."),
            Map.entry("Volume", "Volume that the claim is bound to."),
            Map.entry("StorageClass", "Class it was asked for or made by."),
            Map.entry("Reference", "What is scaled."),
            Map.entry("Targets", "Present and wanted value of each metric."),
            Map.entry("Holder", "Who holds it now."),
            Map.entry("Role", "The role that is granted."));

    private ColumnTexts() {}

    static String of(String column) {
        return TEXTS.getOrDefault(column, "");
    }
}
