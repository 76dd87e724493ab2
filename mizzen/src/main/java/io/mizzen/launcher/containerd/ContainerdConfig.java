// SPDX-License-Identifier: Apache-2.0
package io.mizzen.launcher.containerd;

/** Writes containerd's configuration, version 2, which 1.5 to 2.x read. Pure. */
final class ContainerdConfig {
    private ContainerdConfig() {}

    static String toml(ContainerdOptions options, String snapshotter) {
        return """
                # Written by mizzen at every start.
                version = 2
                root = %1$s
                state = %2$s
                oom_score = -999
                disabled_plugins = [
                  "io.containerd.snapshotter.v1.aufs",
                  "io.containerd.snapshotter.v1.btrfs",
                  "io.containerd.snapshotter.v1.devmapper",
                  "io.containerd.snapshotter.v1.zfs",
                  "io.containerd.tracing.processor.v1.otlp",
                  "io.containerd.internal.v1.tracing",
                ]

                [grpc]
                  address = %3$s

                [debug]
                  level = "warn"

                [plugins."io.containerd.grpc.v1.cri"]
                  sandbox_image = %4$s
                  enable_unprivileged_icmp = true
                  enable_unprivileged_ports = true
                  restrict_oom_score_adj = true
                  stream_server_address = "127.0.0.1"
                  stream_server_port = "0"

                  [plugins."io.containerd.grpc.v1.cri".cni]
                    bin_dir = %5$s
                    conf_dir = %6$s
                    max_conf_num = 1

                  [plugins."io.containerd.grpc.v1.cri".registry]
                    config_path = %7$s

                  [plugins."io.containerd.grpc.v1.cri".containerd]
                    snapshotter = %8$s
                    default_runtime_name = "runc"

                    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
                      runtime_type = "io.containerd.runc.v2"

                      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
                        SystemdCgroup = false
                """.formatted(
                        quote(options.folder().resolve("root")),
                        quote(options.folder().resolve("state")),
                        quote(options.socket()),
                        quote(options.sandboxImage()),
                        quote(options.cniBinDir()),
                        quote(options.cniConfDir()),
                        quote(options.registryConfig()),
                        quote(snapshotter));
    }

    private static String quote(Object value) {
        return "\"" + value.toString().replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
