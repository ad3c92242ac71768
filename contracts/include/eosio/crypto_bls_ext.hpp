#pragma once

#include <snapscale/crypto_ext.hpp>
