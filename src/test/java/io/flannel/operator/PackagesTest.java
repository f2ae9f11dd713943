package io.flannel.operator;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.fabric8.kubernetes.client.CustomResource;
import java.time.Clock;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Imports point down only: control, agent, web → report → decide, render → overlay → api. Rules
 * pass where a package has no class yet.
 */
@AnalyzeClasses(
    packages = "io.flannel.operator",
    importOptions = ImportOption.DoNotIncludeTests.class)
class PackagesTest {
  private static final String ROOT = "io.flannel.operator.";
  private static final String[] ALL = {
    "api", "overlay", "decide", "render", "report", "control", "agent", "web"
  };
  private static final String[] PURE = packages("overlay", "decide", "render", "report");

  @ArchTest static final ArchRule apiUsesNothingOfOurs = onlyUses("api");

  @ArchTest static final ArchRule overlayUsesOnlyApi = onlyUses("overlay", "api");

  @ArchTest static final ArchRule decideUsesOnlyWhatIsBelow = onlyUses("decide", "overlay", "api");

  @ArchTest static final ArchRule renderUsesOnlyWhatIsBelow = onlyUses("render", "overlay", "api");

  @ArchTest
  static final ArchRule reportUsesOnlyWhatIsBelow = onlyUses("report", "decide", "overlay", "api");

  @ArchTest
  static final ArchRule onlyTheTopTalksToTheApiServer =
      noClasses()
          .that()
          .resideInAnyPackage(PURE)
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.fabric8.kubernetes.client..")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule apiUsesNothingOfTheClientButCustomResource =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "api..")
          .should()
          .dependOnClassesThat(
              resideInAPackage("io.fabric8.kubernetes.client..")
                  .and(not(JavaClass.Predicates.type(CustomResource.class))))
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule timeComesFromAClock =
      noClasses()
          .that()
          .resideInAnyPackage(PURE)
          .should()
          .accessTargetWhere(describe("reads the machine's clock", PackagesTest::readsTheClock))
          .allowEmptyShould(true)
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

  private static ArchRule onlyUses(String name, String... below) {
    Set<String> allowed = Set.copyOf(Stream.concat(Stream.of(name), Stream.of(below)).toList());
    String[] others =
        packages(Stream.of(ALL).filter(p -> !allowed.contains(p)).toArray(String[]::new));
    return noClasses()
        .that()
        .resideInAPackage(ROOT + name + "..")
        .should()
        .dependOnClassesThat(resideInAnyPackage(others))
        .allowEmptyShould(true);
  }

  private static String[] packages(String... names) {
    return Stream.of(names).map(name -> ROOT + name + "..").toArray(String[]::new);
  }
}
