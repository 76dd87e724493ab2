// SPDX-License-Identifier: Apache-2.0
package io.mizzen.kubectl;

import io.mizzen.kubectl.command.Command;
import io.mizzen.kubectl.command.cluster.ApiResources;
import io.mizzen.kubectl.command.cluster.Auth;
import io.mizzen.kubectl.command.cluster.Certificate;
import io.mizzen.kubectl.command.cluster.ClusterInfo;
import io.mizzen.kubectl.command.cluster.Drain;
import io.mizzen.kubectl.command.cluster.Taint;
import io.mizzen.kubectl.command.cluster.Top;
import io.mizzen.kubectl.command.cluster.Version;
import io.mizzen.kubectl.command.create.Autoscale;
import io.mizzen.kubectl.command.create.CreateAccess;
import io.mizzen.kubectl.command.create.CreateData;
import io.mizzen.kubectl.command.create.CreatePolicy;
import io.mizzen.kubectl.command.create.CreateService;
import io.mizzen.kubectl.command.create.CreateToken;
import io.mizzen.kubectl.command.create.CreateWorkload;
import io.mizzen.kubectl.command.create.Expose;
import io.mizzen.kubectl.command.debug.Debug;
import io.mizzen.kubectl.command.describe.Describe;
import io.mizzen.kubectl.command.kubeconfig.ConfigChange;
import io.mizzen.kubectl.command.kubeconfig.ConfigLists;
import io.mizzen.kubectl.command.kubeconfig.ConfigSet;
import io.mizzen.kubectl.command.kubeconfig.ConfigView;
import io.mizzen.kubectl.command.proxy.Proxy;
import io.mizzen.kubectl.command.read.Events;
import io.mizzen.kubectl.command.read.Explain;
import io.mizzen.kubectl.command.read.Get;
import io.mizzen.kubectl.command.rollout.RolloutChange;
import io.mizzen.kubectl.command.rollout.RolloutHistory;
import io.mizzen.kubectl.command.rollout.RolloutStatus;
import io.mizzen.kubectl.command.rollout.RolloutUndo;
import io.mizzen.kubectl.command.set.SetEnv;
import io.mizzen.kubectl.command.set.SetImage;
import io.mizzen.kubectl.command.set.SetOthers;
import io.mizzen.kubectl.command.set.SetResources;
import io.mizzen.kubectl.command.stream.Copy;
import io.mizzen.kubectl.command.stream.Exec;
import io.mizzen.kubectl.command.stream.Logs;
import io.mizzen.kubectl.command.stream.PortForward;
import io.mizzen.kubectl.command.stream.Run;
import io.mizzen.kubectl.command.write.Apply;
import io.mizzen.kubectl.command.write.Create;
import io.mizzen.kubectl.command.write.Delete;
import io.mizzen.kubectl.command.write.Diff;
import io.mizzen.kubectl.command.write.Edit;
import io.mizzen.kubectl.command.write.Label;
import io.mizzen.kubectl.command.write.PatchObject;
import io.mizzen.kubectl.command.write.Replace;
import io.mizzen.kubectl.command.write.Scale;
import io.mizzen.kubectl.command.write.Wait;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The names of all commands and how each is made. A command's class is loaded only when it is the one. Stateless. */
final class Commands {
    private Commands() {}

    /** The command of a full name such as {@code rollout status}; null when that is none or only a group. */
    static @Nullable Command find(String name) {
        return switch (name) {
            case "create" -> new Create();
            case "create namespace" -> new CreatePolicy.Namespace();
            case "create deployment" -> new CreateWorkload.Deployment();
            case "create job" -> new CreateWorkload.Job();
            case "create cronjob" -> new CreateWorkload.CronJob();
            case "create configmap" -> new CreateData.ConfigMap();
            case "create secret generic" -> new CreateData.Generic();
            case "create secret tls" -> new CreateData.Tls();
            case "create secret docker-registry" -> new CreateData.DockerRegistry();
            case "create service clusterip" -> new CreateService("ClusterIP");
            case "create service nodeport" -> new CreateService("NodePort");
            case "create service loadbalancer" -> new CreateService("LoadBalancer");
            case "create service externalname" -> new CreateService("ExternalName");
            case "create serviceaccount" -> new CreateAccess.ServiceAccount();
            case "create role" -> new CreateAccess.Role(false);
            case "create clusterrole" -> new CreateAccess.Role(true);
            case "create rolebinding" -> new CreateAccess.Binding(false);
            case "create clusterrolebinding" -> new CreateAccess.Binding(true);
            case "create ingress" -> new CreatePolicy.Ingress();
            case "create priorityclass" -> new CreatePolicy.PriorityClass();
            case "create poddisruptionbudget" -> new CreatePolicy.DisruptionBudget();
            case "create quota" -> new CreatePolicy.Quota();
            case "create token" -> new CreateToken();
            case "expose" -> new Expose();
            case "run" -> new Run();
            case "set image" -> new SetImage();
            case "set env" -> new SetEnv();
            case "set resources" -> new SetResources();
            case "set serviceaccount" -> new SetOthers.ServiceAccount();
            case "set selector" -> new SetOthers.Selector();
            case "set subject" -> new SetOthers.Subject();
            case "explain" -> new Explain();
            case "get" -> new Get();
            case "edit" -> new Edit();
            case "delete" -> new Delete();
            case "rollout history" -> new RolloutHistory();
            case "rollout pause" -> new RolloutChange("pause");
            case "rollout restart" -> new RolloutChange("restart");
            case "rollout resume" -> new RolloutChange("resume");
            case "rollout status" -> new RolloutStatus();
            case "rollout undo" -> new RolloutUndo();
            case "scale" -> new Scale();
            case "autoscale" -> new Autoscale();
            case "certificate approve" -> new Certificate(true);
            case "certificate deny" -> new Certificate(false);
            case "cluster-info" -> new ClusterInfo();
            case "top node" -> new Top(true);
            case "top pod" -> new Top(false);
            case "cordon" -> new Drain("cordon");
            case "uncordon" -> new Drain("uncordon");
            case "drain" -> new Drain("drain");
            case "taint" -> new Taint();
            case "describe" -> new Describe();
            case "logs" -> new Logs();
            case "attach" -> new Exec(true);
            case "exec" -> new Exec(false);
            case "port-forward" -> new PortForward();
            case "proxy" -> new Proxy();
            case "cp" -> new Copy();
            case "debug" -> new Debug();
            case "auth can-i" -> new Auth.CanI();
            case "auth whoami" -> new Auth.WhoAmI();
            case "events" -> new Events();
            case "diff" -> new Diff();
            case "apply" -> new Apply();
            case "patch" -> new PatchObject();
            case "replace" -> new Replace();
            case "wait" -> new Wait();
            case "label" -> new Label(false);
            case "annotate" -> new Label(true);
            case "completion" -> new Completion();
            case "api-resources" -> new ApiResources(false);
            case "api-versions" -> new ApiResources(true);
            case "config current-context" -> new ConfigLists("current");
            case "config get-contexts" -> new ConfigLists("contexts");
            case "config get-clusters" -> new ConfigLists("clusters");
            case "config get-users" -> new ConfigLists("users");
            case "config use-context" -> new ConfigChange("use-context");
            case "config rename-context" -> new ConfigChange("rename-context");
            case "config delete-context" -> new ConfigChange("delete-context");
            case "config delete-cluster" -> new ConfigChange("delete-cluster");
            case "config delete-user" -> new ConfigChange("delete-user");
            case "config set" -> new ConfigChange("set");
            case "config unset" -> new ConfigChange("unset");
            case "config set-cluster" -> new ConfigSet("cluster");
            case "config set-context" -> new ConfigSet("context");
            case "config set-credentials" -> new ConfigSet("credentials");
            case "config view" -> new ConfigView();
            case "version" -> new Version();
            default -> null;
        };
    }

    /** Whether a name has commands below it. */
    static boolean isGroup(String name) {
        return switch (name) {
            case "create",
                    "create secret",
                    "create service",
                    "set",
                    "rollout",
                    "certificate",
                    "top",
                    "auth",
                    "config" -> true;
            default -> false;
        };
    }

    /** The real name of a word below a group, where it may be an abbreviation; empty when it is none. */
    static String canonical(String group, String word) {
        String full = group.equals("create") ? created(word) : group.equals("top") ? used(word) : word;
        return find(group + " " + full) != null || isGroup(group + " " + full) ? full : "";
    }

    private static String created(String word) {
        return switch (word) {
            case "ns" -> "namespace";
            case "deploy" -> "deployment";
            case "cj" -> "cronjob";
            case "cm" -> "configmap";
            case "svc" -> "service";
            case "sa" -> "serviceaccount";
            case "ing" -> "ingress";
            case "pc" -> "priorityclass";
            case "pdb" -> "poddisruptionbudget";
            case "resourcequota" -> "quota";
            default -> word;
        };
    }

    private static String used(String word) {
        return switch (word) {
            case "nodes", "no" -> "node";
            case "pods", "po" -> "pod";
            default -> word;
        };
    }

    /** Every full name with its one-line summary, from the data file, as {@code name<TAB>summary}. */
    static List<String> summaries() {
        try (InputStream in = Commands.class.getResourceAsStream("commands.tsv")) {
            if (in == null) {
                throw new IllegalStateException("commands.tsv is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Every full name. */
    static List<String> names() {
        List<String> names = new ArrayList<>();
        for (String line : summaries()) {
            names.add(line.substring(0, line.indexOf('\t')));
        }
        // Longer names first, so that a prefix does not hide them.
        names.sort((a, b) -> Integer.compare(b.length(), a.length()));
        return names;
    }

    /** The first words of all names. */
    static List<String> top() {
        return names().stream()
                .map(name -> name.split(" ")[0])
                .distinct()
                .sorted()
                .toList();
    }

    /** The words that may follow a group's name. */
    static List<String> below(String name) {
        return names().stream()
                .filter(other -> other.startsWith(name + " "))
                .map(other -> other.substring(name.length() + 1).split(" ")[0])
                .distinct()
                .sorted()
                .toList();
    }
}
