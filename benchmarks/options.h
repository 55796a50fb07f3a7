/*
 * The command line; the README has what it means.
 */
#include <getopt.h>

static struct {
    int writers, drop, stall, choices;
    double seconds, rate, after, away, drain;
    bool wait;
    const char *streams, *method, *path, *body;
    char head[8192], **choice;
} options = {.seconds = 5, .after = 2, .away = 2, .drain = 60, .method = "POST"};

static char **lines_of(const char *path, int *count) {
    FILE *file = fopen(path, "r");
    char **lines = NULL, *line = NULL;
    size_t room = 0;
    if (!file) die(path);
    for (ssize_t size; (size = getline(&line, &room, file)) > 0;) {
        line[strcspn(line, "\n")] = 0;
        lines = realloc(lines, sizeof *lines * (size_t)(*count + 1));
        lines[(*count)++] = strdup(line);
    }
    free(line);
    fclose(file);
    return lines;
}

static void read_options(int count, char **words) {
    static const struct option known[] = {
        {"port", 1, 0, 'p'},    {"streams", 1, 0, 's'}, {"writers", 1, 0, 'w'}, {"method", 1, 0, 'm'}, {"path", 1, 0, 'u'},  {"body", 1, 0, 'b'},
        {"header", 1, 0, 'h'},  {"rate", 1, 0, 'r'},    {"seconds", 1, 0, 't'}, {"choices", 1, 0, 'c'}, {"drop", 1, 0, 'd'}, {"stall", 1, 0, 'l'},
        {"after", 1, 0, 'a'},   {"away", 1, 0, 'y'},    {"drain", 1, 0, 'n'},   {"wait", 0, 0, 'x'},   {0, 0, 0, 0}};
    for (int which; (which = getopt_long(count, words, "", known, NULL)) != -1;) switch (which) {
        case 'p': port = (uint16_t)atoi(optarg); break;
        case 's': options.streams = optarg; break;
        case 'w': options.writers = atoi(optarg); break;
        case 'm': options.method = optarg; break;
        case 'u': options.path = optarg; break;
        case 'b': options.body = optarg; break;
        case 'h': snprintf(options.head + strlen(options.head), sizeof options.head - strlen(options.head), "%s\r\n", optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 't': options.seconds = atof(optarg); break;
        case 'c': options.choice = lines_of(optarg, &options.choices); break;
        case 'd': options.drop = atoi(optarg); break;
        case 'l': options.stall = atoi(optarg); break;
        case 'a': options.after = atof(optarg); break;
        case 'y': options.away = atof(optarg); break;
        case 'n': options.drain = atof(optarg); break;
        case 'x': options.wait = true; break;
        default: exit(2);
        }
    if (!port || (options.writers && !options.path)) refuse("--port is needed, and --path where there are writers");
    if (options.drop && options.stall) refuse("--drop or --stall, not both");
    if (!options.body) options.body = "";
}
