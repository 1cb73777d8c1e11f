/* The command line of the examples: each mistake is one line on standard error and exit code 2. C99 and C++. */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The exit codes: all is well; something failed that should not; a wrong option or a wrong file. */
enum { WELL = 0, FAILED = 1, WRONG_INPUT = 2 };

/* An option with a value: a number from `least` to `most`, or a text. */
typedef struct option {
    const char *name;
    double *number;
    double least, most;
    const char **text;
} option;

/* Reads the options. WELL: go on; WRONG_INPUT: said what is wrong; −1: printed the help. */
static inline int read_arguments(const char *program, const char *help, const option *options, size_t count,
                                 int argc, char **argv)
{
    int at;
    for (at = 1; at < argc; at++) {
        const option *found = NULL;
        const char *value = argv[at + 1]; /* argv ends with NULL */
        char *end = NULL;
        double number;
        size_t i;
        if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
            fputs(help, stdout);
            return -1;
        }
        for (i = 0; i < count && found == NULL; i++)
            found = strcmp(argv[at], options[i].name) == 0 ? &options[i] : NULL;
        if (found == NULL) {
            fprintf(stderr, "%s: %s: unknown; --help lists the options\n", program, argv[at]);
            return WRONG_INPUT;
        }
        if (value == NULL || *value == 0) {
            fprintf(stderr, "%s: %s: expected a value after it\n", program, found->name);
            return WRONG_INPUT;
        }
        at++;
        if (found->text != NULL) {
            *found->text = value;
            continue;
        }
        number = strtod(value, &end);
        if (*end != 0 || !(number >= found->least && number <= found->most)) {
            fprintf(stderr, "%s: %s: expected a number from %g to %g, found %s\n", program, found->name,
                    found->least, found->most, value);
            return WRONG_INPUT;
        }
        *found->number = number;
    }
    return WELL;
}

#endif
