// SPDX-License-Identifier: Apache-2.0
package io.mizzen.apiserver.storage;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The borders of the storage rooms. */
@AnalyzeClasses(packages = "io.mizzen.apiserver", importOptions = ImportOption.DoNotIncludeTests.class)
class StorageArchTest {
    private static final String STORAGE = "io.mizzen.apiserver.storage";

    @ArchTest
    static final ArchRule jetcdIsSeenOnlyByTheEtcdStore = noClasses()
            .that()
            .resideOutsideOfPackage(STORAGE + ".etcd")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.etcd..", "io.vertx.grpc..");

    @ArchTest
    static final ArchRule rocksDbIsSeenOnlyByTheEmbeddedStore = noClasses()
            .that()
            .resideOutsideOfPackage(STORAGE + ".embedded")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.rocksdb..");

    @ArchTest
    static final ArchRule theInterfaceKnowsNoStore = noClasses()
            .that()
            .resideInAPackage(STORAGE)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(STORAGE + ".embedded", STORAGE + ".etcd", STORAGE + ".cache");

    @ArchTest
    static final ArchRule theCacheKnowsNoParticularStore = noClasses()
            .that()
            .resideInAPackage(STORAGE + ".cache")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(STORAGE + ".embedded", STORAGE + ".etcd");

    @ArchTest
    static final ArchRule storageKnowsNothingOfTheServerAroundIt = classes()
            .that()
            .resideInAPackage(STORAGE + "..")
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    STORAGE + "..",
                    "java..",
                    "javax.net.ssl..",
                    "org.jspecify..",
                    "org.slf4j..",
                    "org.rocksdb..",
                    "io.micrometer..",
                    "io.etcd..",
                    "io.grpc..",
                    "io.netty.handler.ssl..",
                    "io.vertx.core..");

    @ArchTest
    static final ArchRule layoutAndDecisionsTouchNoDiskOrThread = noClasses()
            .that()
            .haveFullyQualifiedName(STORAGE + ".embedded.Layout")
            .or()
            .haveFullyQualifiedName(STORAGE + ".cache.SortedBlocks")
            .or()
            .haveFullyQualifiedName(STORAGE + ".cache.Change")
            .or()
            .haveFullyQualifiedName(STORAGE + ".cache.History")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("java.io..", "java.nio.file..", "java.nio.channels..", "org.rocksdb..", "org.slf4j..")
            .orShould()
            .accessClassesThat()
            .areAssignableTo(Thread.class);

    @ArchTest
    static final ArchRule nothingPrints = noClasses()
            .that()
            .resideInAPackage(STORAGE + "..")
            .should()
            .accessField(System.class, "out")
            .orShould()
            .accessField(System.class, "err");
}
