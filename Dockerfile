# Builds the operator's image from target/quarkus-app, which `mvn package` makes (type aot-jar).
#
# The base has glibc and little else: no shell, no package manager. The JVM needs no other library.
ARG JDK_IMAGE=docker.io/library/eclipse-temurin:25-jdk
ARG DEBIAN_IMAGE=docker.io/library/debian:12-slim
ARG BASE_IMAGE=gcr.io/distroless/base-nossl-debian12:nonroot

# The node agent inspects the kernel with iproute2: two programs and the libraries that the base,
# the same Debian release, lacks.
FROM ${DEBIAN_IMAGE} AS iproute2
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends iproute2 \
 && mkdir -p /out/usr/sbin \
 && cp -L "$(command -v ip)" "$(command -v bridge)" /out/usr/sbin/ \
 && ldd /out/usr/sbin/* | sed -n 's#.*=> \(/usr\)\?\(/lib/[^ ]*\) .*#\2#p' | grep -Ev '/(libc|libm|libdl|libpthread|librt)[.]so' | sort -u \
    | while read -r lib; do mkdir -p "/out/usr$(dirname "$lib")" && cp -L "$lib" "/out/usr$lib" || exit 1; done \
 && find /out -exec touch -h -d 2026-01-01T00:00:00Z {} +


FROM ${JDK_IMAGE} AS build

# A runtime with only the modules that the application uses (70 MB; java.se would be 120 MB):
# logging for JBoss LogManager, management for Micrometer's and Quarkus' metrics, naming for Vert.x'
# TLS and resolver, xml for Jackson, unsupported for Netty; http and jdk.net for the node agent. The
# training run below fails if one of the operator's modules is missing.
RUN jlink \
      --add-modules java.base,java.logging,java.management,java.naming,java.net.http,java.xml,jdk.management,jdk.net,jdk.unsupported \
      --strip-java-debug-attributes --no-man-pages --no-header-files --compress zip-6 \
      --output /opt/jre

COPY target/quarkus-app /app
COPY src/main/docker/TrainingRun.java src/main/docker/ApiStandIn.java /tmp/training/

# All files get the same timestamp: the AOT cache records the jars' timestamps, and a layer with the
# same content as in the last build stays the same layer. Then the AOT cache, which halves the CPU
# time of a start. It must be made with the java, paths, collector and object headers of the entry
# point. It leaves out method profiles, which only the optimising compiler would use; that saves 4
# MB of memory.
RUN find /app -exec touch -h -d 2026-01-01T00:00:00Z {} + \
 && java -cp '/app/lib/main/*' /tmp/training/TrainingRun.java /opt/jre/bin/java /app /app/operator.aot \
      -XX:+UseSerialGC -XX:+UseCompactObjectHeaders -XX:TieredStopAtLevel=1 \
      -XX:+UnlockDiagnosticVMOptions -XX:-AOTRecordTraining \
 && touch -d 2026-01-01T00:00:00Z /app /app/operator.aot \
 && chmod -R a+rX /app /opt/jre

# The node agent: links to the few jars that it needs, its JVM options, and its own AOT cache.
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

# For a container of 256 MB and a fast start: the collector and compiler with the least memory,
# compilation of hot code only, compact object headers, nothing written to disk. The heap starts
# small, may take 40% of the container's memory and stays little larger than its live objects.
# Native memory that only the start needed is given back (6 MB, with one malloc arena). The process
# exits when out of memory, and the kubelet restarts it. More options go before -jar, as the
# container's args.
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
