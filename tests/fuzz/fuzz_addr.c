// SPDX-License-Identifier: GPL-2.0
/*
 * Addresses, ports and numbers as text. What is printed again is what libc
 * prints.
 */
#include <arpa/inet.h>
#include <errno.h>

#include "addr.h"
#include "number.h"
#include "text.h"

static void check_addr(const char *text)
{
	char printed[ADDR_TEXT_MAX];
	uint8_t octets[16] = { 0 };
	struct addr addr, again;

	if (addr_parse(&addr, text))
		return;
	require(addr.family == AF_INET || addr.family == AF_INET6);
	addr_format(&addr, printed);
	require(!addr_parse(&again, printed) && addr_equal(&addr, &again));
	require(inet_pton(addr.family, printed, octets) == 1);
	require(!memcmp(octets, addr.octets, sizeof(octets)));
}

static void check_numbers(const char *text)
{
	char printed[DURATION_TEXT_MAX];
	uint64_t value, again;
	uint16_t port = 0;

	if (!number_parse(&value, text, UINT32_MAX))
		require(value <= UINT32_MAX);
	if (!decimal_parse(&value, text, UINT64_MAX))
		require(value == strtoull(text, NULL, 10));
	if (!port_parse(&port, text))
		require(port == strtoul(text, NULL, 10) && port);
	if (!duration_parse(&value, text, UINT64_MAX)) {
		duration_format(value, printed);
		require(!duration_parse(&again, printed, UINT64_MAX));
		require(again == value);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	check_addr(text);
	check_numbers(text);
	free(text);
	return 0;
}
