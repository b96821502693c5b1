// SPDX-License-Identifier: GPL-2.0
/*
 * scitag-fetch: one file from an HTTPS server, for `scitag registry update`.
 *
 *	scitag-fetch [OPTION ...] URL
 *
 * Writes the ETag of the answer, "" if it has none, a newline, and the file to
 * the standard output. Exit status: 0; 1 with a text on the standard error; 2
 * if called in a wrong way; 3 if the file is the one with this ETag.
 */
#include <curl/curl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "number.h"

enum status { DONE, FAILED, USAGE, NOT_MODIFIED };

#define HTTP_NOT_MODIFIED 304
#define REDIRECTS_MAX 5
#define CONNECT_TIMEOUT_S 20
#define ETAG_MAX 256

struct options {
	const char *url;
	const char *cacert; /* NULL: those of the system */
	const char *etag; /* of the file that is there; NULL: none */
	bool insecure;
	uint64_t max; /* octets */
	uint64_t timeout_s;
};

/* What has come so far. */
struct answer {
	uint64_t max;
	char *data;
	size_t len;
	bool too_large;
	char etag[ETAG_MAX];
};

static size_t on_data(char *data, size_t size, size_t n, void *arg)
{
	struct answer *answer = arg;
	size_t len = size * n;
	char *larger;

	if (len > answer->max - answer->len) {
		answer->too_large = true;
		return 0;
	}
	larger = realloc(answer->data, answer->len + len + 1);
	if (!larger)
		return 0;
	answer->data = larger;
	memcpy(larger + answer->len, data, len);
	answer->len += len;
	return len;
}

/* The last one counts: there are those of redirections before it. */
static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	static const char name[] = "etag:";
	struct answer *answer = arg;
	size_t len = size * n;
	size_t i = sizeof(name) - 1;

	if (len > 5 && !strncasecmp(line, "HTTP/", 5))
		answer->etag[0] = '\0';
	if (len < i || strncasecmp(line, name, i) != 0)
		return len;
	while (i < len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	/* One that is too long is none: half of it would match nothing. */
	if (len - i < ETAG_MAX) {
		memcpy(answer->etag, line + i, len - i);
		answer->etag[len - i] = '\0';
		answer->etag[strcspn(answer->etag, "\r\n")] = '\0';
	}
	return len;
}

/* What libcurl may speak, at first and when it is sent elsewhere. */
static void limit_protocols(CURL *curl, bool insecure)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR,
			 insecure ? "https,file,http" : "https,file");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR,
			 insecure ? "https,http" : "https");
#else
	long web = CURLPROTO_HTTPS | (insecure ? CURLPROTO_HTTP : 0);

	curl_easy_setopt(curl, CURLOPT_PROTOCOLS, web | CURLPROTO_FILE);
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS, web);
#endif
}

static void set_options(CURL *curl, const struct options *options,
			struct answer *answer)
{
	limit_protocols(curl, options->insecure);
	curl_easy_setopt(curl, CURLOPT_URL, options->url);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "scitag/" SCITAG_VERSION);
	curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)options->timeout_s);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
	if (options->cacert)
		curl_easy_setopt(curl, CURLOPT_CAINFO, options->cacert);
	if (options->insecure) {
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

/* "If-None-Match: ...", or NULL. */
static struct curl_slist *headers_of(const struct options *options)
{
	char line[ETAG_MAX + 32];

	if (!options->etag)
		return NULL;
	snprintf(line, sizeof(line), "If-None-Match: %s", options->etag);
	return curl_slist_append(NULL, line);
}

static enum status report(const struct options *options,
			  const struct answer *answer, CURLcode code,
			  const char *error)
{
	if (answer->too_large)
		fprintf(stderr, "%s: more than %llu octets\n", options->url,
			(unsigned long long)options->max);
	else if (code == CURLE_UNSUPPORTED_PROTOCOL)
		fprintf(stderr, "%s: has to begin with https:// or file://\n",
			options->url);
	else
		fprintf(stderr, "%s: %s\n", options->url,
			error[0] ? error : curl_easy_strerror(code));
	return FAILED;
}

static enum status fetch(const struct options *options, struct answer *answer)
{
	struct curl_slist *headers = headers_of(options);
	char error[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	long http = 0;
	CURLcode code;

	if (!curl)
		return FAILED;
	set_options(curl, options, answer);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &http);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	if (code != CURLE_OK)
		return report(options, answer, code, error);
	return http == HTTP_NOT_MODIFIED ? NOT_MODIFIED : DONE;
}

static const struct option long_options[] = {
	{ "cacert", required_argument, NULL, 'c' },
	{ "etag", required_argument, NULL, 'e' },
	{ "insecure", no_argument, NULL, 'k' },
	{ "max", required_argument, NULL, 'm' },
	{ "timeout", required_argument, NULL, 't' },
	{ NULL, 0, NULL, 0 },
};

static bool parse(struct options *options, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		bool good = true;

		if (c == 'c')
			options->cacert = optarg;
		else if (c == 'e')
			options->etag = optarg;
		else if (c == 'k')
			options->insecure = true;
		else if (c == 'm')
			good = !decimal_parse(&options->max, optarg, INT32_MAX);
		else if (c == 't')
			good = !decimal_parse(&options->timeout_s, optarg,
					      INT32_MAX);
		else
			good = false;
		if (!good)
			return false;
	}
	if (optind + 1 != argc)
		return false;
	options->url = argv[optind];
	return !options->etag || strlen(options->etag) < ETAG_MAX;
}

int main(int argc, char **argv)
{
	struct options options = { .max = 1 << 20, .timeout_s = 60 };
	struct answer answer = { .data = NULL };
	enum status status;

	if (!parse(&options, argc, argv)) {
		fprintf(stderr, "usage: scitag-fetch [--cacert FILE] "
				"[--etag TEXT] [--insecure] [--max OCTETS] "
				"[--timeout SECONDS] URL\n");
		return USAGE;
	}
	answer.max = options.max;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	status = fetch(&options, &answer);
	if (status == DONE) {
		printf("%s\n", answer.etag);
		if (answer.len)
			fwrite(answer.data, 1, answer.len, stdout);
		if (fflush(stdout) || ferror(stdout)) {
			perror("scitag-fetch: standard output");
			status = FAILED;
		}
	}
	free(answer.data);
	curl_global_cleanup();
	return status;
}
