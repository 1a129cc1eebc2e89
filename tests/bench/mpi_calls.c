/* Writes down what a process does by MPI: preloaded into segment-mpi by mpi_scaling.py, which makes it a library.

   Each rank writes MPI_CALLS_FOLDER/rank.R when it ends: a line per call, in the order in which they ended,

       NAME TAG BYTES STAGE BEGIN SECONDS OWN THREAD

   STAGE is the first number of the bytes that were sent, which in progress told to rank 0 is the stage of the job, else -1; BEGIN is
   the wall clock's; OWN the seconds of CPU that the process had spent outside of calls when it began, and THREAD all that the calling
   thread had. The last line, "end", is written in MPI_Finalize; its BYTES are the most memory that the process has held. To look whether
   a message waits (MPI_Iprobe) is no line, but time in calls, for it is done while waiting. */
#define _GNU_SOURCE
#include <mpi.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { kRequestBytes = 4 }; /* the tag of src/cluster/mpi_ranks.cpp */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static double cpu_in_calls;
static char *text;
static size_t text_size;
static FILE *lines;

static double Seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

struct Call {
  double begin, cpu, own;
};

static struct Call Begin(void) {
  pthread_mutex_lock(&mutex);
  struct Call call = {Seconds(CLOCK_MONOTONIC), Seconds(CLOCK_THREAD_CPUTIME_ID),
                      Seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_in_calls};
  pthread_mutex_unlock(&mutex);
  return call;
}

static void End(struct Call call, const char *name, int tag, long bytes, int stage) {
  const double seconds = Seconds(CLOCK_MONOTONIC) - call.begin;
  pthread_mutex_lock(&mutex);
  cpu_in_calls += Seconds(CLOCK_THREAD_CPUTIME_ID) - call.cpu;
  if (!lines) lines = open_memstream(&text, &text_size);
  if (name)
    fprintf(lines, "%s %d %ld %d %.9f %.9f %.9f %.9f\n", name, tag, bytes, stage, call.begin, seconds, call.own, call.cpu);
  pthread_mutex_unlock(&mutex);
}

static long Bytes(int count, MPI_Datatype type) {
  int size = 0;
  PMPI_Type_size(type, &size);
  return (long)count * size;
}

int MPI_Allreduce(const void *from, void *to, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
  const struct Call call = Begin();
  const int code = PMPI_Allreduce(from, to, count, type, op, comm);
  End(call, "allreduce", -1, Bytes(count, type), -1);
  return code;
}

int MPI_Bcast(void *values, int count, MPI_Datatype type, int root, MPI_Comm comm) {
  const struct Call call = Begin();
  const int code = PMPI_Bcast(values, count, type, root, comm);
  End(call, "bcast", -1, Bytes(count, type), -1);
  return code;
}

int MPI_Send(const void *values, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
  const struct Call call = Begin();
  const int code = PMPI_Send(values, count, type, to, tag, comm);
  int stage = -1;
  if (tag == kRequestBytes && count >= (int)sizeof stage) memcpy(&stage, values, sizeof stage);
  End(call, "send", tag, Bytes(count, type), stage);
  return code;
}

int MPI_Recv(void *values, int count, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Status *status) {
  const struct Call call = Begin();
  const int code = PMPI_Recv(values, count, type, from, tag, comm, status);
  End(call, "receive", tag, Bytes(count, type), -1);
  return code;
}

int MPI_Barrier(MPI_Comm comm) {
  const struct Call call = Begin();
  const int code = PMPI_Barrier(comm);
  End(call, "barrier", -1, 0, -1);
  return code;
}

int MPI_Iprobe(int from, int tag, MPI_Comm comm, int *waits, MPI_Status *status) {
  const struct Call call = Begin();
  const int code = PMPI_Iprobe(from, tag, comm, waits, status);
  End(call, NULL, tag, 0, -1);
  return code;
}

int MPI_Finalize(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  End(Begin(), "end", -1, usage.ru_maxrss * 1024, -1);
  int rank = 0;
  PMPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const char *folder = getenv("MPI_CALLS_FOLDER");
  char path[4096];
  snprintf(path, sizeof path, "%s/rank.%d", folder ? folder : ".", rank);
  FILE *file = fopen(path, "w");
  if (file) {
    fflush(lines);
    fwrite(text, 1, text_size, file);
    fclose(file);
  }
  return PMPI_Finalize();
}
