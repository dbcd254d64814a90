/* gnuplot as a child that cannot do harm: no shell reads its arguments, nothing waits for a terminal, the user's own
 * settings are left out, and an alarm, which outlives exec, ends it when it takes too long. What it says is kept for
 * the case that it fails. */
#define _POSIX_C_SOURCE 200809L

#include "gnuplot.h"

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_SCRIPTS = 8, NOT_STARTED = 127 }; /* the status that shells use */
static const char log_name[] = "gnuplot.log";

const char gnuplot_style[] = "set datafile separator ','\n"
                             "set style line 1 linecolor '#8f8f8f' linewidth 2 dashtype '-'\n"
                             "set style line 2 linecolor '#0b4f8a' linewidth 2.5 pointtype 7 pointsize 0.5\n"
                             "set style line 3 linecolor '#b5b5b5'\n"
                             "set border 3 linecolor '#666666'\n"
                             "set tics nomirror out scale 0.6 textcolor '#333333'\n"
                             "set grid ytics linetype 1 linecolor '#e3e3e3' linewidth 1\n"
                             "set key Left reverse samplen 3 spacing 1.2\n";

static bool redirect(const char *path, int flags, int to) {
  const int file = open(path, flags, 0666);
  return file >= 0 && dup2(file, to) >= 0;
}

static void be_gnuplot(const char *folder, char **arguments) {
  signal(SIGALRM, SIG_DFL);
  alarm(GNUPLOT_SECONDS);
  if (chdir(folder) == 0 && redirect("/dev/null", O_RDONLY, STDIN_FILENO) &&
      redirect(log_name, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO) && dup2(STDOUT_FILENO, STDERR_FILENO) >= 0) {
    execvp(arguments[0], arguments);
  }
  _exit(NOT_STARTED);
}

static bool judge(const char *folder, int status) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
    return fail("%s: holds the data, but gnuplot was stopped after %d seconds", folder, GNUPLOT_SECONDS);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_STARTED) {
    fail("%s: holds data and scripts but no plots, for there is no gnuplot (apt-get install gnuplot-nox)", folder);
    return true;
  }
  return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
         fail("%s: holds the data, but gnuplot failed; its words are in gnuplot.log there", folder);
}

static void remove_log(const char *folder) {
  const size_t size = strlen(folder) + sizeof log_name + 1;
  char *path = allocate((int64_t)size, 1);
  snprintf(path, size, "%s/%s", folder, log_name);
  unlink(path);
  free(path);
}

bool run_gnuplot(const char *folder, const char *const *scripts) {
  char *arguments[MAX_SCRIPTS + 3] = {"gnuplot", "--default-settings"};
  int status;
  for (int k = 0; scripts[k] != NULL && k < MAX_SCRIPTS; k++) {
    arguments[k + 2] = (char *)scripts[k]; /* exec changes nothing; its type is older than const */
  }
  fflush(stdout);
  signal(SIGCHLD, SIG_DFL); /* where the parent ignored it, there would be no status to wait for */
  const pid_t child = fork();
  if (child == 0) {
    be_gnuplot(folder, arguments);
  }
  if (child < 0) {
    return fail("%s: holds the data, but gnuplot could not be started: %s", folder, strerror(errno));
  }
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  const bool done = judge(folder, status);
  if (done) {
    remove_log(folder);
  }
  return done;
}
