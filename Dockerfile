# The operator's image, from what `mvn package` left in target/quarkus-app (package type aot-jar).
#
# The base has glibc and little else: no shell, no package manager. The JVM needs no other library.
ARG JDK_IMAGE=docker.io/library/eclipse-temurin:25-jdk
ARG DEBIAN_IMAGE=docker.io/library/debian:12-slim
ARG BASE_IMAGE=gcr.io/distroless/base-nossl-debian12:nonroot

# iproute2 for the node agent's look at the kernel: the two programs and the libraries that the base,
# which is the same Debian, lacks.
FROM ${DEBIAN_IMAGE} AS iproute2
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends iproute2 \
 && mkdir -p /out/usr/sbin \
 && cp -L "$(command -v ip)" "$(command -v bridge)" /out/usr/sbin/ \
 && ldd /out/usr/sbin/* | sed -n 's#.*=> \(/usr\)\?\(/lib/[^ ]*\) .*#\2#p' | grep -Ev '/(libc|libm|libdl|libpthread|librt)[.]so' | sort -u \
    | while read -r lib; do mkdir -p "/out/usr$(dirname "$lib")" && cp -L "$lib" "/out/usr$lib" || exit 1; done \
 && find /out -exec touch -h -d 2026-01-01T00:00:00Z {} +


FROM ${JDK_IMAGE} AS build

# A runtime of the modules that the application uses, and no more (70 MB; java.se would be 120):
# logging for JBoss LogManager, management for Micrometer's and Quarkus' figures, naming for Vert.x' TLS
# and resolver, xml for Jackson, unsupported for Netty; http and jdk.net for the node agent. The training
# run below fails if one of the operator's is missing.
RUN jlink \
      --add-modules java.base,java.logging,java.management,java.naming,java.net.http,java.xml,jdk.management,jdk.net,jdk.unsupported \
      --strip-java-debug-attributes --no-man-pages --no-header-files --compress zip-6 \
      --output /opt/jre

COPY target/quarkus-app /app
COPY src/main/docker/TrainingRun.java src/main/docker/ApiStandIn.java /tmp/training/

# One time for all files: the cache remembers the jars' times, and a layer whose content is that of the
# last build stays the same layer. Then the cache itself: a start costs half the CPU with it, and it
# must be made by the java, at the paths and with the collector and object headers of the entry point.
# Profiles of methods, which only the optimising compiler would use, are left out: 4 MB of memory.
RUN find /app -exec touch -h -d 2026-01-01T00:00:00Z {} + \
 && java -cp '/app/lib/main/*' /tmp/training/TrainingRun.java /opt/jre/bin/java /app /app/operator.aot \
      -XX:+UseSerialGC -XX:+UseCompactObjectHeaders -XX:TieredStopAtLevel=1 \
      -XX:+UnlockDiagnosticVMOptions -XX:-AOTRecordTraining \
 && touch -d 2026-01-01T00:00:00Z /app /app/operator.aot \
 && chmod -R a+rX /app /opt/jre

# The node agent: the few of these jars that it needs, its Java's options, and an AOT cache of its own.
COPY src/main/docker/agent.options /app/agent/java.options
COPY src/main/docker/AgentTrainingRun.java /tmp/AgentTrainingRun.java
RUN cd /app/agent \
 && for jar in ../app/flannel-operator-*.jar ../lib/main/com.fasterxml.jackson.core.jackson-*.jar ../lib/main/org.hdrhistogram.*.jar; \
    do ln -s "$jar" . || exit 1; done \
 && find . -exec touch -h -d 2026-01-01T00:00:00Z {} + \
 && printf -- '-cp\n%s\n' "$(printf '/app/agent/%s:' *.jar)" >>java.options \
 && java /tmp/AgentTrainingRun.java /opt/jre/bin/java /app/agent/agent.aot @/app/agent/java.options \
      -XX:+UnlockDiagnosticVMOptions -XX:-AOTRecordTraining \
 && echo '-XX:AOTCache=/app/agent/agent.aot' >>java.options \
 && find . -exec touch -h -d 2026-01-01T00:00:00Z {} + \
 && chmod -R a+rX /app/agent


FROM ${BASE_IMAGE}

COPY --from=iproute2 /out/ /
COPY --from=build /opt/jre /opt/jre
COPY --from=build /app/lib /app/lib
COPY --from=build /app/quarkus /app/quarkus
COPY --from=build /app/app /app/app
COPY --from=build /app/agent /app/agent
COPY --from=build /app/quarkus-run.jar /app/operator.aot /app/

# 65532 is distroless' "nonroot".
USER 65532:65532
WORKDIR /app

# For a container of 256 MB and a start that counts: the collector and the compiler with the least memory,
# only code that is hot compiled, short object headers, nothing written to the disk. The heap starts
# small, may take 40% of the container and keeps little more than what lives in it; what the start needed
# outside of it is given back (with one malloc arena, 6 MB). Out of memory ends the process, and kubelet
# starts it anew. More options go before -jar, as the container's args.
ENV MALLOC_ARENA_MAX=1
ENTRYPOINT ["/opt/jre/bin/java", \
  "-XX:AOTCache=/app/operator.aot", \
  "-XX:+UseSerialGC", \
  "-XX:+UseCompactObjectHeaders", \
  "-XX:TieredStopAtLevel=1", \
  "-XX:CompileThresholdScaling=4", \
  "-Xms16m", \
  "-XX:MaxRAMPercentage=40", \
  "-XX:MaxNewSize=4m", \
  "-XX:MinHeapFreeRatio=10", \
  "-XX:MaxHeapFreeRatio=25", \
  "-XX:-UsePerfData", \
  "-XX:TrimNativeHeapInterval=10000", \
  "-XX:+ExitOnOutOfMemoryError"]
CMD ["-jar", "/app/quarkus-run.jar"]

LABEL org.opencontainers.image.title="flannel-operator" \
      org.opencontainers.image.description="Owns a Kubernetes cluster's flannel overlay" \
      org.opencontainers.image.source="https://github.com/flannel-operator/flannel-operator" \
      org.opencontainers.image.licenses="Apache-2.0"
