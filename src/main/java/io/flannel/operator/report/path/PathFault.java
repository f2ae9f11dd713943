package io.flannel.operator.report.path;

import io.flannel.operator.decide.problem.ProblemReason;
import io.flannel.operator.report.path.PacketPath.Kind;

/**
 * A fault at a hop.
 *
 * @param kind the kind of hop that is broken
 * @param far whether that is on the receiver's node
 * @param back whether the answers get lost there, not the packets sent
 * @param cuts whether packets are lost; otherwise it is only worth a note
 * @param cause what it is
 * @param message the same in a sentence
 * @param seen what the node's agent saw of it; may be empty
 * @param remedy what to do about it
 */
record PathFault(
    Kind kind,
    boolean far,
    boolean back,
    boolean cuts,
    ProblemReason cause,
    String message,
    String seen,
    String remedy) {}
