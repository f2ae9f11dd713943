package io.flannel.operator.agent.checks;

import java.util.Optional;
import java.util.function.Function;

/** What came of an attempt to read something of the node. */
public sealed interface Reading<T> {
  /** It is there, and was understood. */
  record Read<T>(T what) implements Reading<T> {}

  /** It is not there. */
  record Absent<T>() implements Reading<T> {}

  /**
   * Nobody can tell.
   *
   * @param why what was tried, what came of it, and what to do
   */
  record Failed<T>(String why) implements Reading<T> {}

  static <T> Reading<T> read(T what) {
    return new Read<>(what);
  }

  static <T> Reading<T> absent() {
    return new Absent<>();
  }

  static <T> Reading<T> failed(String why) {
    return new Failed<>(why);
  }

  /** What was read; empty where it is not there, and where nobody can tell. */
  default Optional<T> value() {
    return this instanceof Read<T>(T what) ? Optional.of(what) : Optional.empty();
  }

  /** The same of what is made of the value. */
  default <U> Reading<U> flatMap(Function<T, Reading<U>> next) {
    return switch (this) {
      case Read<T>(T what) -> next.apply(what);
      case Absent<T>() -> absent();
      case Failed<T>(String why) -> failed(why);
    };
  }
}
