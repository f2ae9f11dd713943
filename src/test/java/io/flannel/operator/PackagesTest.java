package io.flannel.operator;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;

import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.fabric8.kubernetes.client.CustomResource;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Imports only point down, as listed in {@link #BELOW}, and packages have no dependency cycles. */
@AnalyzeClasses(
    packages = "io.flannel.operator",
    importOptions = ImportOption.DoNotIncludeTests.class)
class PackagesTest {
  private static final String ROOT = "io.flannel.operator.";
  private static final String[] PURE = packages("flannel", "decide", "render", "report");

  /** The other packages that each package may use. A package that is not listed fails the test. */
  private static final Map<String, List<String>> BELOW =
      Map.ofEntries(
          entry("api", List.of()),
          entry("flannel", List.of("api")),
          entry("decide", List.of("flannel", "api")),
          entry("render", List.of("flannel", "api")),
          entry("report", List.of("decide", "flannel", "api")),
          entry("runtime", List.of("flannel", "api")),
          entry("observe", List.of("runtime", "report", "render", "decide", "flannel", "api")),
          entry(
              "apply",
              List.of("observe", "runtime", "report", "render", "decide", "flannel", "api")),
          entry(
              "reconcile",
              List.of(
                  "apply", "observe", "runtime", "report", "render", "decide", "flannel", "api")),
          entry("web", List.of("report", "flannel", "api")),
          entry("agent", List.of("decide", "flannel", "api")));

  @ArchTest
  static void importsPointDown(JavaClasses classes) {
    BELOW.forEach(
        (name, allowed) ->
            noClasses()
                .that()
                .resideInAPackage(ROOT + name + "..")
                .should()
                .dependOnClassesThat(
                    resideInAPackage("io.flannel.operator..")
                        .and(not(resideInAPackage(ROOT + name + "..")))
                        .and(not(resideInAnyPackage(packages(allowed.toArray(String[]::new))))))
                .check(classes));
    classes()
        .should()
        .resideInAnyPackage(packages(BELOW.keySet().toArray(String[]::new)))
        .check(classes);
  }

  @ArchTest
  static final ArchRule noPackagesDependOnEachOther =
      slices().matching(ROOT + "(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule onlyTheTopTalksToTheApiServer =
      noClasses()
          .that()
          .resideInAnyPackage(PURE)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.fabric8.kubernetes.client..");

  @ArchTest
  static final ArchRule apiUsesNothingOfTheClientButCustomResource =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "api..")
          .should()
          .dependOnClassesThat(
              resideInAPackage("io.fabric8.kubernetes.client..")
                  .and(not(JavaClass.Predicates.type(CustomResource.class))));

  @ArchTest
  static final ArchRule timeComesFromAClock =
      noClasses()
          .that()
          .resideInAnyPackage(PURE)
          .should()
          .accessTargetWhere(describe("reads the machine's clock", PackagesTest::readsTheClock))
          .because("it is given a Clock, or the time");

  private static boolean readsTheClock(JavaAccess<?> access) {
    AccessTarget target = access.getTarget();
    String owner = target.getOwner().getName();
    boolean isTime = owner.startsWith("java.time.");
    return (isTime && target.getName().equals("now") && !takesAClock(target))
        || (owner.equals(Clock.class.getName())
            && (target.getName().startsWith("system") || target.getName().startsWith("tick")))
        || (owner.equals(System.class.getName())
            && Set.of("currentTimeMillis", "nanoTime").contains(target.getName()));
  }

  private static boolean takesAClock(AccessTarget target) {
    return target instanceof AccessTarget.CodeUnitAccessTarget code
        && code.getRawParameterTypes().stream().anyMatch(type -> type.isEquivalentTo(Clock.class));
  }

  private static String[] packages(String... names) {
    return Stream.of(names).map(name -> ROOT + name + "..").toArray(String[]::new);
  }
}
