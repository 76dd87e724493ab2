// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The borders of the API server's rooms; docs/architecture.md says why. */
@AnalyzeClasses(packages = "io.mizzen", importOptions = DoNotIncludeTests.class)
class ApiServerArchTest {
    @ArchTest
    static final ArchRule SEES_NO_OTHER_COMPONENT = noClasses()
            .that()
            .resideInAPackage("io.mizzen.apiserver..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.mizzen.client..",
                    "io.mizzen.scheduler..",
                    "io.mizzen.controller..",
                    "io.mizzen.kubelet..",
                    "io.fabric8..");

    @ArchTest
    static final ArchRule ETCD_IN_ONE_ROOM = noClasses()
            .that()
            .resideOutsideOfPackage("..storage.etcd..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.etcd..");

    @ArchTest
    static final ArchRule ROCKSDB_IN_ONE_ROOM = noClasses()
            .that()
            .resideOutsideOfPackage("..storage.embedded..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.rocksdb..");

    @ArchTest
    static final ArchRule PURE_ROOMS_DO_NO_IO = noClasses()
            .that()
            .resideInAnyPackage("..schema..", "..patch..", "..table..", "..discovery..", "..openapi..", "..protobuf..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.vertx..", "..storage..", "..endpoint..", "java.net.http..", "java.nio.file..");

    @ArchTest
    static final ArchRule STORAGE_KNOWS_NOTHING_OF_THE_API = noClasses()
            .that()
            .resideInAPackage("..storage..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("..endpoint..", "..registry..", "..admission..", "io.mizzen.apiserver.http..");

    @ArchTest
    static final ArchRule NAMES_SAY_WHAT_A_CLASS_IS =
            classes().should().haveNameNotMatching(".*(Util|Utils|Helper|Impl|Common)");

    @ArchTest
    static final ArchRule LOGS_INSTEAD_OF_PRINTING =
            noClasses().should().accessField(System.class, "out").orShould().accessField(System.class, "err");
}
