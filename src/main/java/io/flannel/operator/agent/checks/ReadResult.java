package io.flannel.operator.agent.checks;

import java.util.Optional;
import java.util.function.Function;

/** What came of an attempt to read something of the node. */
public sealed interface ReadResult<T> {
  /** It is there, and was understood. */
  record Read<T>(T what) implements ReadResult<T> {}

  /** It is not there. */
  record Absent<T>() implements ReadResult<T> {}

  /**
   * Nobody can tell.
   *
   * @param why what was tried, what came of it, and what to do
   */
  record Failed<T>(String why) implements ReadResult<T> {}

  static <T> ReadResult<T> read(T what) {
    return new Read<>(what);
  }

  static <T> ReadResult<T> absent() {
    return new Absent<>();
  }

  static <T> ReadResult<T> failed(String why) {
    return new Failed<>(why);
  }

  /** What was read; empty where it is not there, and where nobody can tell. */
  default Optional<T> value() {
    return this instanceof Read<T>(T what) ? Optional.of(what) : Optional.empty();
  }

  /** The same of what is made of the value. */
  default <U> ReadResult<U> flatMap(Function<T, ReadResult<U>> next) {
    return switch (this) {
      case Read<T>(T what) -> next.apply(what);
      case Absent<T>() -> absent();
      case Failed<T>(String why) -> failed(why);
    };
  }
}
